"""The tables of the registry, and the triggers that keep its records immutable.

Revision: 2026_11_21_first
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from registry import triggers
from registry.tables.base import Instant

revision = "2026_11_21_first"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _asset_class()
    _change()
    _document()
    _entity()
    _item()
    _reference_counter()
    _search_word()
    _supplier()
    _account()
    _asset()
    _calendar_day()
    _journal()
    _period()
    _person()
    _service()
    _store()
    _working_hours()
    _asset_event()
    _asset_source()
    _owner_period()
    _posting_chain()
    _posting_counter()
    _role_grant()
    _stock_balance()
    _substitution()
    _team()
    _hourly_rate()
    _membership()
    _nature()
    _request()
    _settlement_rule()
    _request_event()
    _work_order()
    _contractor_cost()
    _cost_item()
    _labour_entry()
    _proposal()
    _reservation()
    _work_order_event()
    _material_need()
    _posting()
    _proposal_line()
    _proposal_source()
    _stock_move()
    _posting_line()
    _posting_source()
    _stock_count()
    for statement in triggers.ddl(op.get_bind().dialect.name):
        op.get_bind().exec_driver_sql(statement)


def _asset_class() -> None:
    op.create_table(
        "asset_class",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name_fr", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("fields", sa.JSON(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asset_class")),
        sa.UniqueConstraint("code", name=op.f("uq_asset_class_code")),
    )


def _change() -> None:
    op.create_table(
        "change",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("noun", sa.Text(), nullable=False),
        sa.Column("row_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change")),
        sa.UniqueConstraint("noun", "row_id", "number", name=op.f("uq_change_noun_row_id_number")),
    )


def _document() -> None:
    op.create_table(
        "document",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("noun", sa.Text(), nullable=False),
        sa.Column("row_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("media_type", sa.Text(), nullable=False),
        sa.Column("size_bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("filed_at", Instant(), nullable=True),
        sa.Column("filed_by", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint("noun IN ('task', 'request', 'work_order')", name=op.f("ck_document_noun_word")),
        sa.CheckConstraint(
            "(filed_at IS NULL) = (filed_by IS NULL)", name=op.f("ck_document_filed_by_somebody")
        ),
        sa.CheckConstraint("length(sha256) = 64", name=op.f("ck_document_sha256")),
        sa.CheckConstraint("size_bytes > 0", name=op.f("ck_document_size_bytes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_document")),
    )
    op.create_index("ix_document_noun_row_id", "document", ["noun", "row_id"], unique=False)
    op.create_index(op.f("ix_document_sha256"), "document", ["sha256"], unique=False)


def _entity() -> None:
    op.create_table(
        "entity",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("accounting", sa.Text(), nullable=False),
        sa.Column("country", sa.String(length=2), nullable=False),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint("accounting IN ('public', 'commercial')", name=op.f("ck_entity_accounting_word")),
        sa.CheckConstraint("kind IN ('commune', 'cpas', 'regie', 'asbl')", name=op.f("ck_entity_kind_word")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entity")),
        sa.UniqueConstraint("code", name=op.f("uq_entity_code")),
    )


def _item() -> None:
    op.create_table(
        "item",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name_fr", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("unit", sa.Text(), nullable=False),
        sa.Column("reorder_milli", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint("reorder_milli >= 0", name=op.f("ck_item_reorder_not_negative")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item")),
        sa.UniqueConstraint("code", name=op.f("uq_item_code")),
    )


def _reference_counter() -> None:
    op.create_table(
        "reference_counter",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("year", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("last > 0", name=op.f("ck_reference_counter_last")),
        sa.PrimaryKeyConstraint("kind", "year", name=op.f("pk_reference_counter")),
    )


def _search_word() -> None:
    op.create_table(
        "search_word",
        sa.Column("noun", sa.Text(), nullable=False),
        sa.Column("word", sa.Text().with_variant(sa.Text(collation="C"), "postgresql"), nullable=False),
        sa.Column("row_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("noun", "word", "row_id", name=op.f("pk_search_word")),
    )
    op.create_index(op.f("ix_search_word_row_id"), "search_word", ["row_id"], unique=False)


def _supplier() -> None:
    op.create_table(
        "supplier",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("vat_number", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("iban", sa.Text(), nullable=True),
        sa.Column("iban_changed_at", Instant(), nullable=True),
        sa.Column("iban_changed_by", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_supplier")),
        sa.UniqueConstraint("code", name=op.f("uq_supplier_code")),
        sa.UniqueConstraint("vat_number", name=op.f("uq_supplier_vat_number")),
    )
    op.create_index(op.f("ix_supplier_name"), "supplier", ["name"], unique=False)


def _account() -> None:
    op.create_table(
        "account",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('asset', 'liability', 'equity', 'income', 'expense')", name=op.f("ck_account_kind_word")
        ),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name=op.f("fk_account_entity_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_account")),
        sa.UniqueConstraint("entity_id", "code", name=op.f("uq_account_entity_id_code")),
    )


def _asset() -> None:
    op.create_table(
        "asset",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Text(), nullable=False),
        sa.Column("class_code", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("west", sa.Double(), nullable=True),
        sa.Column("south", sa.Double(), nullable=True),
        sa.Column("east", sa.Double(), nullable=True),
        sa.Column("north", sa.Double(), nullable=True),
        sa.Column("geometry", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("attributes", sa.JSON(), nullable=False),
        sa.Column("qr_token", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint("status IN ('in_service', 'retired')", name=op.f("ck_asset_status_word")),
        sa.CheckConstraint("(longitude IS NULL) = (latitude IS NULL)", name=op.f("ck_asset_point_is_whole")),
        sa.CheckConstraint("latitude BETWEEN -90 AND 90", name=op.f("ck_asset_latitude")),
        sa.CheckConstraint("longitude BETWEEN -180 AND 180", name=op.f("ck_asset_longitude")),
        sa.CheckConstraint("parent_id IS NULL OR parent_id <> id", name=op.f("ck_asset_not_its_own_parent")),
        sa.CheckConstraint("west <= east AND south <= north", name=op.f("ck_asset_bounds")),
        sa.ForeignKeyConstraint(["class_code"], ["asset_class.code"], name=op.f("fk_asset_class_code")),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name=op.f("fk_asset_entity_id")),
        sa.ForeignKeyConstraint(["parent_id"], ["asset.id"], name=op.f("fk_asset_parent_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asset")),
        sa.UniqueConstraint("class_code", "code", name=op.f("uq_asset_class_code_code")),
        sa.UniqueConstraint("qr_token", name=op.f("uq_asset_qr_token")),
    )
    op.create_index("ix_asset_bounds", "asset", ["west", "east", "south", "north"], unique=False)
    op.create_index("ix_asset_entity_class_name", "asset", ["entity_id", "class_code", "name"], unique=False)
    op.create_index(op.f("ix_asset_name"), "asset", ["name"], unique=False)
    op.create_index(op.f("ix_asset_parent_id"), "asset", ["parent_id"], unique=False)
    op.create_index("ix_asset_point", "asset", ["longitude", "latitude"], unique=False)


def _calendar_day() -> None:
    op.create_table(
        "calendar_day",
        sa.Column("entity_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("worked", sa.Boolean(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name=op.f("fk_calendar_day_entity_id")),
        sa.PrimaryKeyConstraint("entity_id", "day", name=op.f("pk_calendar_day")),
    )


def _journal() -> None:
    op.create_table(
        "journal",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name=op.f("fk_journal_entity_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_journal")),
        sa.UniqueConstraint("entity_id", "code", name=op.f("uq_journal_entity_id_code")),
    )


def _period() -> None:
    op.create_table(
        "period",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Text(), nullable=False),
        sa.Column("year", sa.BigInteger(), nullable=False),
        sa.Column("month", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_period_closed_at")),
        sa.CheckConstraint("status IN ('open', 'closed')", name=op.f("ck_period_status")),
        sa.CheckConstraint("month BETWEEN 1 AND 12", name=op.f("ck_period_month")),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name=op.f("fk_period_entity_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_period")),
        sa.UniqueConstraint("entity_id", "year", "month", name=op.f("uq_period_entity_id_year_month")),
    )


def _person() -> None:
    op.create_table(
        "person",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("locale", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("supplier_id", sa.Text(), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=True),
        sa.Column("password_set_at", Instant(), nullable=True),
        sa.Column("password_set_by", sa.Text(), nullable=True),
        sa.Column("failed_logins", sa.BigInteger(), nullable=False),
        sa.Column("last_failed_at", Instant(), nullable=True),
        sa.Column("erased_at", Instant(), nullable=True),
        sa.Column("erased_by", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint("erased_at IS NULL OR email IS NULL", name=op.f("ck_person_erased_has_no_email")),
        sa.CheckConstraint("failed_logins >= 0", name=op.f("ck_person_failed_logins")),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name=op.f("fk_person_entity_id")),
        sa.ForeignKeyConstraint(["supplier_id"], ["supplier.id"], name=op.f("fk_person_supplier_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_person")),
        sa.UniqueConstraint("email", name=op.f("uq_person_email")),
    )
    op.create_index(op.f("ix_person_entity_id"), "person", ["entity_id"], unique=False)
    op.create_index(op.f("ix_person_supplier_id"), "person", ["supplier_id"], unique=False)


def _service() -> None:
    op.create_table(
        "service",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name=op.f("fk_service_entity_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service")),
        sa.UniqueConstraint("entity_id", "code", name=op.f("uq_service_entity_id_code")),
    )


def _store() -> None:
    op.create_table(
        "store",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name=op.f("fk_store_entity_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_store")),
        sa.UniqueConstraint("code", name=op.f("uq_store_code")),
    )
    op.create_index(op.f("ix_store_entity_id"), "store", ["entity_id"], unique=False)


def _working_hours() -> None:
    op.create_table(
        "working_hours",
        sa.Column("entity_id", sa.Text(), nullable=False),
        sa.Column("weekday", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("opens_minute", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("closes_minute", sa.BigInteger(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "opens_minute >= 0 AND opens_minute < closes_minute AND closes_minute <= 1440",
            name=op.f("ck_working_hours_in_the_day"),
        ),
        sa.CheckConstraint("weekday BETWEEN 1 AND 7", name=op.f("ck_working_hours_weekday")),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name=op.f("fk_working_hours_entity_id")),
        sa.PrimaryKeyConstraint("entity_id", "weekday", "opens_minute", name=op.f("pk_working_hours")),
    )


def _asset_event() -> None:
    op.create_table(
        "asset_event",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("asset_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_asset_event_asset_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asset_event")),
        sa.UniqueConstraint("asset_id", "number", name=op.f("uq_asset_event_asset_id_number")),
    )


def _asset_source() -> None:
    op.create_table(
        "asset_source",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("profile", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("asset_id", sa.Text(), nullable=False),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("read_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_asset_source_asset_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_asset_source")),
        sa.UniqueConstraint("profile", "key", name=op.f("uq_asset_source_profile_key")),
    )
    op.create_index(op.f("ix_asset_source_asset_id"), "asset_source", ["asset_id"], unique=False)


def _owner_period() -> None:
    op.create_table(
        "owner_period",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("asset_id", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Text(), nullable=False),
        sa.Column("owned_from", sa.Date(), nullable=False),
        sa.Column("owned_until", sa.Date(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "owned_until IS NULL OR owned_until > owned_from", name=op.f("ck_owner_period_days_in_order")
        ),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_owner_period_asset_id")),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name=op.f("fk_owner_period_entity_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_owner_period")),
        sa.UniqueConstraint("asset_id", "owned_from", name=op.f("uq_owner_period_asset_id_owned_from")),
        sa.UniqueConstraint("asset_id", "owned_until", name=op.f("uq_owner_period_asset_id_owned_until")),
    )
    op.create_index(op.f("ix_owner_period_entity_id"), "owner_period", ["entity_id"], unique=False)
    op.create_index(
        "uq_owner_period_open",
        "owner_period",
        ["asset_id"],
        unique=True,
        sqlite_where=sa.text("owned_until IS NULL"),
        postgresql_where=sa.text("owned_until IS NULL"),
    )


def _posting_chain() -> None:
    op.create_table(
        "posting_chain",
        sa.Column("journal_id", sa.Text(), nullable=False),
        sa.Column("last_position", sa.BigInteger(), nullable=False),
        sa.Column("last_hash", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["journal_id"], ["journal.id"], name=op.f("fk_posting_chain_journal_id")),
        sa.PrimaryKeyConstraint("journal_id", name=op.f("pk_posting_chain")),
    )


def _posting_counter() -> None:
    op.create_table(
        "posting_counter",
        sa.Column("entity_id", sa.Text(), nullable=False),
        sa.Column("journal_id", sa.Text(), nullable=False),
        sa.Column("fiscal_year", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_number", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name=op.f("fk_posting_counter_entity_id")),
        sa.ForeignKeyConstraint(["journal_id"], ["journal.id"], name=op.f("fk_posting_counter_journal_id")),
        sa.PrimaryKeyConstraint("entity_id", "journal_id", "fiscal_year", name=op.f("pk_posting_counter")),
    )


def _role_grant() -> None:
    op.create_table(
        "role_grant",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Text(), nullable=True),
        sa.Column("revoked_at", Instant(), nullable=True),
        sa.Column("revoked_by", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "role IN ('operator', 'leader', 'agent', 'storekeeper', 'accountant', 'owner', 'manager', 'admin')",
            name=op.f("ck_role_grant_role_word"),
        ),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name=op.f("fk_role_grant_entity_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_role_grant_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_role_grant")),
    )
    op.create_index(
        "uq_role_grant_open",
        "role_grant",
        ["person_id", "role", sa.literal_column("coalesce(entity_id, '')")],
        unique=True,
        sqlite_where=sa.text("revoked_at IS NULL"),
        postgresql_where=sa.text("revoked_at IS NULL"),
    )


def _stock_balance() -> None:
    op.create_table(
        "stock_balance",
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("on_hand_milli", sa.BigInteger(), nullable=False),
        sa.Column("held_milli", sa.BigInteger(), nullable=False),
        sa.Column("value_cents", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "held_milli <= on_hand_milli", name=op.f("ck_stock_balance_available_not_negative")
        ),
        sa.CheckConstraint("held_milli >= 0", name=op.f("ck_stock_balance_held_not_negative")),
        sa.CheckConstraint(
            "on_hand_milli > 0 OR value_cents = 0", name=op.f("ck_stock_balance_nothing_is_worth_nothing")
        ),
        sa.CheckConstraint("value_cents >= 0", name=op.f("ck_stock_balance_value_not_negative")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_stock_balance_item_id")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_stock_balance_store_id")),
        sa.PrimaryKeyConstraint("item_id", "store_id", name=op.f("pk_stock_balance")),
    )
    op.create_index(op.f("ix_stock_balance_store_id"), "stock_balance", ["store_id"], unique=False)


def _substitution() -> None:
    op.create_table(
        "substitution",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("substitute_id", sa.Text(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint("first_day <= last_day", name=op.f("ck_substitution_days_in_order")),
        sa.CheckConstraint("person_id <> substitute_id", name=op.f("ck_substitution_somebody_else")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_substitution_person_id")),
        sa.ForeignKeyConstraint(["substitute_id"], ["person.id"], name=op.f("fk_substitution_substitute_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_substitution")),
    )
    op.create_index(op.f("ix_substitution_person_id"), "substitution", ["person_id"], unique=False)
    op.create_index(op.f("ix_substitution_substitute_id"), "substitution", ["substitute_id"], unique=False)


def _team() -> None:
    op.create_table(
        "team",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Text(), nullable=False),
        sa.Column("service_id", sa.Text(), nullable=True),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name=op.f("fk_team_entity_id")),
        sa.ForeignKeyConstraint(["service_id"], ["service.id"], name=op.f("fk_team_service_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_team")),
        sa.UniqueConstraint("code", name=op.f("uq_team_code")),
    )
    op.create_index(op.f("ix_team_entity_id"), "team", ["entity_id"], unique=False)


def _hourly_rate() -> None:
    op.create_table(
        "hourly_rate",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=True),
        sa.Column("team_id", sa.Text(), nullable=True),
        sa.Column("hourly_cents", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(person_id IS NULL) <> (team_id IS NULL)", name=op.f("ck_hourly_rate_one_holder")
        ),
        sa.CheckConstraint("hourly_cents >= 0", name=op.f("ck_hourly_rate_hourly_cents")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_hourly_rate_person_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_hourly_rate_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hourly_rate")),
        sa.UniqueConstraint("person_id", "valid_from", name=op.f("uq_hourly_rate_person_id_valid_from")),
        sa.UniqueConstraint("team_id", "valid_from", name=op.f("uq_hourly_rate_team_id_valid_from")),
    )


def _membership() -> None:
    op.create_table(
        "membership",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("team_id", sa.Text(), nullable=False),
        sa.Column("leader", sa.Boolean(), nullable=False),
        sa.Column("left_at", Instant(), nullable=True),
        sa.Column("left_by", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_membership_person_id")),
        sa.ForeignKeyConstraint(["team_id"], ["team.id"], name=op.f("fk_membership_team_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_membership")),
    )
    op.create_index(op.f("ix_membership_team_id"), "membership", ["team_id"], unique=False)
    op.create_index(
        "uq_membership_open",
        "membership",
        ["person_id", "team_id"],
        unique=True,
        sqlite_where=sa.text("left_at IS NULL"),
        postgresql_where=sa.text("left_at IS NULL"),
    )


def _nature() -> None:
    op.create_table(
        "nature",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name_fr", sa.Text(), nullable=False),
        sa.Column("name_en", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Text(), nullable=True),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("delay_hours", sa.BigInteger(), nullable=False),
        sa.Column("team_code", sa.Text(), nullable=True),
        sa.Column("expense_account", sa.Text(), nullable=True),
        sa.Column("cpv", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint("delay_hours > 0", name=op.f("ck_nature_delay_hours")),
        sa.CheckConstraint("parent_id IS NULL OR parent_id <> id", name=op.f("ck_nature_not_its_own_parent")),
        sa.CheckConstraint("priority BETWEEN 1 AND 4", name=op.f("ck_nature_priority")),
        sa.ForeignKeyConstraint(["parent_id"], ["nature.id"], name=op.f("fk_nature_parent_id")),
        sa.ForeignKeyConstraint(["team_code"], ["team.code"], name=op.f("fk_nature_team_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_nature")),
        sa.UniqueConstraint("code", name=op.f("uq_nature_code")),
    )
    op.create_index(op.f("ix_nature_parent_id"), "nature", ["parent_id"], unique=False)


def _request() -> None:
    op.create_table(
        "request",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Text(), nullable=False),
        sa.Column("nature_code", sa.Text(), nullable=True),
        sa.Column("asset_id", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("requester_name", sa.Text(), nullable=True),
        sa.Column("requester_email", sa.Text(), nullable=True),
        sa.Column("requester_phone", sa.Text(), nullable=True),
        sa.Column("requester_locale", sa.Text(), nullable=True),
        sa.Column("requester_person_id", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("longitude", sa.Double(), nullable=True),
        sa.Column("latitude", sa.Double(), nullable=True),
        sa.Column("urgency_words", sa.JSON(), nullable=False),
        sa.Column("site_occupied", sa.Boolean(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("priority", sa.BigInteger(), nullable=True),
        sa.Column("team_code", sa.Text(), nullable=True),
        sa.Column("mode", sa.Text(), nullable=True),
        sa.Column("due_at", Instant(), nullable=True),
        sa.Column("duplicate_of_id", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("erased_at", Instant(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(status = 'closed') = (closed_at IS NOT NULL)", name=op.f("ck_request_closed_has_an_instant")
        ),
        sa.CheckConstraint(
            "(status = 'closed') = (outcome IS NOT NULL)", name=op.f("ck_request_closed_has_an_outcome")
        ),
        sa.CheckConstraint(
            "channel IN ('portal', 'phone', 'mail', 'counter', 'qr', 'api')",
            name=op.f("ck_request_channel_word"),
        ),
        sa.CheckConstraint("mode IN ('in_house', 'contractor')", name=op.f("ck_request_mode_word")),
        sa.CheckConstraint(
            "outcome IN ('done', 'refused', 'duplicate', 'withdrawn')", name=op.f("ck_request_outcome_word")
        ),
        sa.CheckConstraint(
            "status <> 'duplicate' OR duplicate_of_id IS NOT NULL",
            name=op.f("ck_request_duplicate_names_the_other"),
        ),
        sa.CheckConstraint(
            "status IN ('registered', 'qualified', 'accepted', 'in_progress', 'answered', 'closed', 'refused', 'duplicate', 'reopened')",
            name=op.f("ck_request_status_word"),
        ),
        sa.CheckConstraint(
            "(longitude IS NULL) = (latitude IS NULL)", name=op.f("ck_request_point_is_whole")
        ),
        sa.CheckConstraint(
            "duplicate_of_id IS NULL OR duplicate_of_id <> id", name=op.f("ck_request_not_its_own_duplicate")
        ),
        sa.CheckConstraint("latitude BETWEEN -90 AND 90", name=op.f("ck_request_latitude")),
        sa.CheckConstraint("longitude BETWEEN -180 AND 180", name=op.f("ck_request_longitude")),
        sa.CheckConstraint("priority BETWEEN 1 AND 4", name=op.f("ck_request_priority")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_request_asset_id")),
        sa.ForeignKeyConstraint(["duplicate_of_id"], ["request.id"], name=op.f("fk_request_duplicate_of_id")),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name=op.f("fk_request_entity_id")),
        sa.ForeignKeyConstraint(["nature_code"], ["nature.code"], name=op.f("fk_request_nature_code")),
        sa.ForeignKeyConstraint(
            ["requester_person_id"], ["person.id"], name=op.f("fk_request_requester_person_id")
        ),
        sa.ForeignKeyConstraint(["team_code"], ["team.code"], name=op.f("fk_request_team_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request")),
        sa.UniqueConstraint("reference", name=op.f("uq_request_reference")),
        sa.UniqueConstraint("token", name=op.f("uq_request_token")),
    )
    op.create_index("ix_request_asset_created", "request", ["asset_id", "created_at"], unique=False)
    op.create_index("ix_request_created", "request", ["created_at"], unique=False)
    op.create_index(op.f("ix_request_duplicate_of_id"), "request", ["duplicate_of_id"], unique=False)
    op.create_index(
        "ix_request_entity_status_created", "request", ["entity_id", "status", "created_at"], unique=False
    )
    op.create_index("ix_request_nature_created", "request", ["nature_code", "created_at"], unique=False)
    op.create_index("ix_request_point", "request", ["longitude", "latitude"], unique=False)
    op.create_index(op.f("ix_request_requester_email"), "request", ["requester_email"], unique=False)
    op.create_index(op.f("ix_request_requester_person_id"), "request", ["requester_person_id"], unique=False)
    op.create_index("ix_request_status_due", "request", ["status", "due_at"], unique=False)
    op.create_index(op.f("ix_request_team_code"), "request", ["team_code"], unique=False)


def _settlement_rule() -> None:
    op.create_table(
        "settlement_rule",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("entity_id", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("nature_code", sa.Text(), nullable=True),
        sa.Column("asset_class", sa.Text(), nullable=True),
        sa.Column("debit_account", sa.Text(), nullable=False),
        sa.Column("credit_account", sa.Text(), nullable=False),
        sa.Column("journal_code", sa.Text(), nullable=False),
        sa.Column("layer", sa.Text(), nullable=False),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind <> 'labour' OR layer = 'analytic'",
            name=op.f("ck_settlement_rule_payroll_has_posted_labour"),
        ),
        sa.CheckConstraint(
            "kind IN ('labour', 'material', 'contractor', 'reinvoice_out', 'reinvoice_in')",
            name=op.f("ck_settlement_rule_kind_word"),
        ),
        sa.CheckConstraint(
            "layer IN ('general', 'analytic', 'budget')", name=op.f("ck_settlement_rule_layer_word")
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_settlement_rule_version")),
        sa.ForeignKeyConstraint(
            ["asset_class"], ["asset_class.code"], name=op.f("fk_settlement_rule_asset_class")
        ),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name=op.f("fk_settlement_rule_entity_id")),
        sa.ForeignKeyConstraint(
            ["nature_code"], ["nature.code"], name=op.f("fk_settlement_rule_nature_code")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_settlement_rule")),
        sa.UniqueConstraint("code", "version", name=op.f("uq_settlement_rule_code_version")),
    )
    op.create_index("ix_settlement_rule_kind", "settlement_rule", ["kind", "entity_id"], unique=False)


def _request_event() -> None:
    op.create_table(
        "request_event",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status_before", sa.Text(), nullable=True),
        sa.Column("status_after", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("public", sa.Boolean(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_request_event_request_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_request_event")),
        sa.UniqueConstraint("request_id", "number", name=op.f("uq_request_event_request_id_number")),
    )


def _work_order() -> None:
    op.create_table(
        "work_order",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Text(), nullable=True),
        sa.Column("entity_id", sa.Text(), nullable=False),
        sa.Column("asset_id", sa.Text(), nullable=True),
        sa.Column("nature_code", sa.Text(), nullable=True),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("due_at", Instant(), nullable=True),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("team_code", sa.Text(), nullable=True),
        sa.Column("supplier_id", sa.Text(), nullable=True),
        sa.Column("person_id", sa.Text(), nullable=True),
        sa.Column("planned_start", Instant(), nullable=True),
        sa.Column("planned_end", Instant(), nullable=True),
        sa.Column("begun_at", Instant(), nullable=True),
        sa.Column("finished_at", Instant(), nullable=True),
        sa.Column("closed_at", Instant(), nullable=True),
        sa.Column("report", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("changed_at", Instant(), nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint("mode IN ('in_house', 'contractor')", name=op.f("ck_work_order_mode_word")),
        sa.CheckConstraint(
            "status IN ('open', 'assigned', 'planned', 'in_progress', 'finished', 'closed', 'cancelled')",
            name=op.f("ck_work_order_status_word"),
        ),
        sa.CheckConstraint(
            "(planned_start IS NULL) = (planned_end IS NULL)", name=op.f("ck_work_order_plan_is_whole")
        ),
        sa.CheckConstraint("finished_at >= begun_at", name=op.f("ck_work_order_work_in_order")),
        sa.CheckConstraint("planned_start < planned_end", name=op.f("ck_work_order_plan_in_order")),
        sa.CheckConstraint("priority BETWEEN 1 AND 4", name=op.f("ck_work_order_priority")),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_work_order_asset_id")),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name=op.f("fk_work_order_entity_id")),
        sa.ForeignKeyConstraint(["nature_code"], ["nature.code"], name=op.f("fk_work_order_nature_code")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_work_order_person_id")),
        sa.ForeignKeyConstraint(["request_id"], ["request.id"], name=op.f("fk_work_order_request_id")),
        sa.ForeignKeyConstraint(["supplier_id"], ["supplier.id"], name=op.f("fk_work_order_supplier_id")),
        sa.ForeignKeyConstraint(["team_code"], ["team.code"], name=op.f("fk_work_order_team_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_order")),
        sa.UniqueConstraint("reference", name=op.f("uq_work_order_reference")),
    )
    op.create_index("ix_work_order_asset_created", "work_order", ["asset_id", "created_at"], unique=False)
    op.create_index("ix_work_order_created", "work_order", ["created_at"], unique=False)
    op.create_index(
        "ix_work_order_entity_status_due", "work_order", ["entity_id", "status", "due_at"], unique=False
    )
    op.create_index(op.f("ix_work_order_nature_code"), "work_order", ["nature_code"], unique=False)
    op.create_index("ix_work_order_person_status", "work_order", ["person_id", "status"], unique=False)
    op.create_index(op.f("ix_work_order_request_id"), "work_order", ["request_id"], unique=False)
    op.create_index("ix_work_order_supplier_status", "work_order", ["supplier_id", "status"], unique=False)
    op.create_index("ix_work_order_team_status", "work_order", ["team_code", "status"], unique=False)


def _contractor_cost() -> None:
    op.create_table(
        "contractor_cost",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("supplier_id", sa.Text(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("document_reference", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint("amount_cents <> 0", name=op.f("ck_contractor_cost_amount_cents")),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_contractor_cost_order_id")),
        sa.ForeignKeyConstraint(
            ["supplier_id"], ["supplier.id"], name=op.f("fk_contractor_cost_supplier_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contractor_cost")),
        sa.UniqueConstraint(
            "supplier_id",
            "document_reference",
            "order_id",
            name=op.f("uq_contractor_cost_supplier_id_document_reference_order_id"),
        ),
    )
    op.create_index(op.f("ix_contractor_cost_order_id"), "contractor_cost", ["order_id"], unique=False)


def _cost_item() -> None:
    op.create_table(
        "cost_item",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("source_type", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Text(), nullable=False),
        sa.Column("beneficiary_id", sa.Text(), nullable=False),
        sa.Column("asset_id", sa.Text(), nullable=True),
        sa.Column("nature_code", sa.Text(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=True),
        sa.Column("item_id", sa.Text(), nullable=True),
        sa.Column("supplier_id", sa.Text(), nullable=True),
        sa.Column("team_code", sa.Text(), nullable=True),
        sa.Column("document_reference", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('labour', 'material', 'contractor')", name=op.f("ck_cost_item_kind_word")
        ),
        sa.CheckConstraint(
            "source_type IN ('labour_entry', 'stock_move', 'contractor_cost')",
            name=op.f("ck_cost_item_source_type_word"),
        ),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_cost_item_asset_id")),
        sa.ForeignKeyConstraint(["beneficiary_id"], ["entity.id"], name=op.f("fk_cost_item_beneficiary_id")),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name=op.f("fk_cost_item_entity_id")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_cost_item_item_id")),
        sa.ForeignKeyConstraint(["nature_code"], ["nature.code"], name=op.f("fk_cost_item_nature_code")),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_cost_item_order_id")),
        sa.ForeignKeyConstraint(["supplier_id"], ["supplier.id"], name=op.f("fk_cost_item_supplier_id")),
        sa.ForeignKeyConstraint(["team_code"], ["team.code"], name=op.f("fk_cost_item_team_code")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cost_item")),
        sa.UniqueConstraint("source_type", "source_id", name=op.f("uq_cost_item_source_type_source_id")),
    )
    op.create_index("ix_cost_item_asset_day", "cost_item", ["asset_id", "day"], unique=False)
    op.create_index(op.f("ix_cost_item_beneficiary_id"), "cost_item", ["beneficiary_id"], unique=False)
    op.create_index("ix_cost_item_entity_day", "cost_item", ["entity_id", "day"], unique=False)
    op.create_index(op.f("ix_cost_item_order_id"), "cost_item", ["order_id"], unique=False)


def _labour_entry() -> None:
    op.create_table(
        "labour_entry",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("minutes", sa.BigInteger(), nullable=False),
        sa.Column("hourly_cents", sa.BigInteger(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.Column("struck_at", Instant(), nullable=True),
        sa.Column("struck_by", sa.Text(), nullable=True),
        sa.Column("struck_reason", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(struck_at IS NULL) = (struck_by IS NULL)", name=op.f("ck_labour_entry_struck_by_somebody")
        ),
        sa.CheckConstraint(
            "amount_cents = (minutes * hourly_cents + 30) / 60",
            name=op.f("ck_labour_entry_amount_is_time_by_rate"),
        ),
        sa.CheckConstraint("hourly_cents >= 0", name=op.f("ck_labour_entry_hourly_cents")),
        sa.CheckConstraint("minutes BETWEEN 1 AND 1440", name=op.f("ck_labour_entry_minutes")),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name=op.f("fk_labour_entry_entity_id")),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_labour_entry_order_id")),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"], name=op.f("fk_labour_entry_person_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_labour_entry")),
    )
    op.create_index(op.f("ix_labour_entry_order_id"), "labour_entry", ["order_id"], unique=False)
    op.create_index("ix_labour_entry_person_day", "labour_entry", ["person_id", "day"], unique=False)


def _proposal() -> None:
    op.create_table(
        "proposal",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("entity_id", sa.Text(), nullable=False),
        sa.Column("journal_id", sa.Text(), nullable=False),
        sa.Column("layer", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("group_id", sa.Text(), nullable=True),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("total_cents", sa.BigInteger(), nullable=False),
        sa.Column("explanation", sa.JSON(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reject_code", sa.Text(), nullable=True),
        sa.Column("reject_text", sa.Text(), nullable=True),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(status = 'pending') = (answered_at IS NULL)", name=op.f("ck_proposal_answered_when_not_pending")
        ),
        sa.CheckConstraint(
            "(status = 'rejected') = (reject_code IS NOT NULL)", name=op.f("ck_proposal_rejected_with_code")
        ),
        sa.CheckConstraint("layer IN ('general', 'analytic', 'budget')", name=op.f("ck_proposal_layer_word")),
        sa.CheckConstraint(
            "purpose IN ('cost', 'reinvoice_out', 'reinvoice_in')", name=op.f("ck_proposal_purpose_word")
        ),
        sa.CheckConstraint(
            "reject_code IN ('ACCOUNT_UNKNOWN', 'ARTICLE_NO_CREDIT', 'PERIOD_CLOSED', 'PARTY_UNKNOWN', 'AXIS_MISSING', 'PIECE_MISSING', 'AMOUNT', 'DUPLICATE', 'OTHER')",
            name=op.f("ck_proposal_reject_code_word"),
        ),
        sa.CheckConstraint("status IN ('pending', 'accepted', 'rejected')", name=op.f("ck_proposal_status")),
        sa.CheckConstraint("total_cents > 0", name=op.f("ck_proposal_total_positive")),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name=op.f("fk_proposal_entity_id")),
        sa.ForeignKeyConstraint(["journal_id"], ["journal.id"], name=op.f("fk_proposal_journal_id")),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_proposal_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
        sa.UniqueConstraint("key", name=op.f("uq_proposal_key")),
    )
    op.create_index("ix_proposal_entity_status", "proposal", ["entity_id", "status", "day"], unique=False)
    op.create_index(op.f("ix_proposal_group_id"), "proposal", ["group_id"], unique=False)
    op.create_index(op.f("ix_proposal_order_id"), "proposal", ["order_id"], unique=False)


def _reservation() -> None:
    op.create_table(
        "reservation",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("quantity_milli", sa.BigInteger(), nullable=False),
        sa.Column("consumed_milli", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=True),
        sa.Column("held_at", Instant(), nullable=False),
        sa.Column("held_by", sa.Text(), nullable=False),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("answer_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(status = 'held') = (answered_at IS NULL)", name=op.f("ck_reservation_answered_when_not_held")
        ),
        sa.CheckConstraint(
            "CASE WHEN status = 'consumed' THEN consumed_milli > 0 AND consumed_milli <= quantity_milli ELSE consumed_milli = 0 END",
            name=op.f("ck_reservation_consumed_within_held"),
        ),
        sa.CheckConstraint(
            "status IN ('held', 'consumed', 'released', 'expired')", name=op.f("ck_reservation_status")
        ),
        sa.CheckConstraint("quantity_milli > 0", name=op.f("ck_reservation_quantity_positive")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_reservation_item_id")),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_reservation_order_id")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_reservation_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reservation")),
    )
    op.create_index("ix_reservation_due", "reservation", ["status", "expires_at"], unique=False)
    op.create_index(
        "ix_reservation_item_store", "reservation", ["item_id", "store_id", "status"], unique=False
    )
    op.create_index(op.f("ix_reservation_order_id"), "reservation", ["order_id"], unique=False)


def _work_order_event() -> None:
    op.create_table(
        "work_order_event",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("status_before", sa.Text(), nullable=True),
        sa.Column("status_after", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_work_order_event_order_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_work_order_event")),
        sa.UniqueConstraint("order_id", "number", name=op.f("uq_work_order_event_order_id_number")),
    )


def _material_need() -> None:
    op.create_table(
        "material_need",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("quantity_milli", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reservation_id", sa.Text(), nullable=True),
        sa.Column("answered_at", Instant(), nullable=True),
        sa.Column("answered_by", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(status = 'served') = (reservation_id IS NOT NULL)",
            name=op.f("ck_material_need_served_by_reservation"),
        ),
        sa.CheckConstraint(
            "status IN ('waiting', 'served', 'withdrawn')", name=op.f("ck_material_need_status")
        ),
        sa.CheckConstraint("quantity_milli > 0", name=op.f("ck_material_need_quantity_positive")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_material_need_item_id")),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_material_need_order_id")),
        sa.ForeignKeyConstraint(
            ["reservation_id"], ["reservation.id"], name=op.f("fk_material_need_reservation_id")
        ),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_material_need_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_material_need")),
        sa.UniqueConstraint("reservation_id", name=op.f("uq_material_need_reservation_id")),
    )
    op.create_index(op.f("ix_material_need_order_id"), "material_need", ["order_id"], unique=False)
    op.create_index(
        "ix_material_need_waiting", "material_need", ["status", "item_id", "store_id"], unique=False
    )


def _posting() -> None:
    op.create_table(
        "posting",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("entity_id", sa.Text(), nullable=False),
        sa.Column("journal_id", sa.Text(), nullable=False),
        sa.Column("fiscal_year", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("layer", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("piece_reference", sa.Text(), nullable=False),
        sa.Column("piece_date", sa.Date(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("total_cents", sa.BigInteger(), nullable=False),
        sa.Column("order_id", sa.Text(), nullable=False),
        sa.Column("proposal_id", sa.Text(), nullable=True),
        sa.Column("group_id", sa.Text(), nullable=True),
        sa.Column("reversal_of", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("previous_hash", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("posted_at", Instant(), nullable=False),
        sa.Column("posted_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'reversal') = (proposal_id IS NULL)", name=op.f("ck_posting_from_a_proposal")
        ),
        sa.CheckConstraint(
            "(kind = 'reversal') = (reversal_of IS NOT NULL)", name=op.f("ck_posting_reversal_of")
        ),
        sa.CheckConstraint(
            "kind IN ('cost', 'reinvoice_out', 'reinvoice_in', 'reversal')", name=op.f("ck_posting_kind")
        ),
        sa.CheckConstraint("layer IN ('general', 'analytic', 'budget')", name=op.f("ck_posting_layer_word")),
        sa.CheckConstraint("number > 0 AND position > 0", name=op.f("ck_posting_counted_from_one")),
        sa.CheckConstraint("total_cents > 0", name=op.f("ck_posting_total_positive")),
        sa.ForeignKeyConstraint(["entity_id"], ["entity.id"], name=op.f("fk_posting_entity_id")),
        sa.ForeignKeyConstraint(["journal_id"], ["journal.id"], name=op.f("fk_posting_journal_id")),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_posting_order_id")),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposal.id"], name=op.f("fk_posting_proposal_id")),
        sa.ForeignKeyConstraint(["reversal_of"], ["posting.id"], name=op.f("fk_posting_reversal_of")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posting")),
        sa.UniqueConstraint(
            "entity_id",
            "journal_id",
            "fiscal_year",
            "number",
            name=op.f("uq_posting_entity_id_journal_id_fiscal_year_number"),
        ),
        sa.UniqueConstraint("hash", name=op.f("uq_posting_hash")),
        sa.UniqueConstraint("journal_id", "position", name=op.f("uq_posting_journal_id_position")),
        sa.UniqueConstraint("key", name=op.f("uq_posting_key")),
        sa.UniqueConstraint("proposal_id", name=op.f("uq_posting_proposal_id")),
        sa.UniqueConstraint("reversal_of", name=op.f("uq_posting_reversal_of")),
    )
    op.create_index("ix_posting_entity_day", "posting", ["entity_id", "day"], unique=False)
    op.create_index(op.f("ix_posting_group_id"), "posting", ["group_id"], unique=False)
    op.create_index(op.f("ix_posting_order_id"), "posting", ["order_id"], unique=False)
    op.create_index("ix_posting_posted", "posting", ["entity_id", "posted_at"], unique=False)


def _proposal_line() -> None:
    op.create_table(
        "proposal_line",
        sa.Column("proposal_id", sa.Text(), nullable=False),
        sa.Column("asset_id", sa.Text(), nullable=True),
        sa.Column("rule_id", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("account_code", sa.Text(), nullable=False),
        sa.Column("account_name", sa.Text(), nullable=False),
        sa.Column("debit_cents", sa.BigInteger(), nullable=False),
        sa.Column("credit_cents", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("axes", sa.JSON(), nullable=False),
        sa.Column("party_code", sa.Text(), nullable=True),
        sa.Column("party_name", sa.Text(), nullable=True),
        sa.Column("piece_reference", sa.Text(), nullable=False),
        sa.Column("piece_date", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "(debit_cents > 0 AND credit_cents = 0) OR (debit_cents = 0 AND credit_cents > 0)",
            name=op.f("ck_proposal_line_one_side"),
        ),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_proposal_line_asset_id")),
        sa.ForeignKeyConstraint(["proposal_id"], ["proposal.id"], name=op.f("fk_proposal_line_proposal_id")),
        sa.ForeignKeyConstraint(["rule_id"], ["settlement_rule.id"], name=op.f("fk_proposal_line_rule_id")),
        sa.PrimaryKeyConstraint("proposal_id", "position", name=op.f("pk_proposal_line")),
    )


def _proposal_source() -> None:
    op.create_table(
        "proposal_source",
        sa.Column("proposal_id", sa.Text(), nullable=False),
        sa.Column("cost_item_id", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["cost_item_id"], ["cost_item.id"], name=op.f("fk_proposal_source_cost_item_id")
        ),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_proposal_source_proposal_id")
        ),
        sa.PrimaryKeyConstraint("proposal_id", "cost_item_id", name=op.f("pk_proposal_source")),
    )
    op.create_index(
        op.f("ix_proposal_source_cost_item_id"), "proposal_source", ["cost_item_id"], unique=False
    )


def _stock_move() -> None:
    op.create_table(
        "stock_move",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("quantity_milli", sa.BigInteger(), nullable=False),
        sa.Column("value_cents", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("order_id", sa.Text(), nullable=True),
        sa.Column("reservation_id", sa.Text(), nullable=True),
        sa.Column("returns_id", sa.Text(), nullable=True),
        sa.Column("transfer_id", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'return') = (returns_id IS NOT NULL)", name=op.f("ck_stock_move_return_of_an_issue")
        ),
        sa.CheckConstraint(
            "(kind IN ('receipt', 'return', 'transfer_in') AND quantity_milli > 0 AND value_cents >= 0) OR (kind IN ('issue', 'transfer_out') AND quantity_milli < 0 AND value_cents <= 0) OR (kind = 'count' AND quantity_milli > 0 AND value_cents >= 0) OR (kind = 'count' AND quantity_milli < 0 AND value_cents <= 0)",
            name=op.f("ck_stock_move_signs"),
        ),
        sa.CheckConstraint(
            "kind IN ('receipt', 'issue', 'return', 'transfer_in', 'transfer_out', 'count')",
            name=op.f("ck_stock_move_kind"),
        ),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_stock_move_item_id")),
        sa.ForeignKeyConstraint(["order_id"], ["work_order.id"], name=op.f("fk_stock_move_order_id")),
        sa.ForeignKeyConstraint(
            ["reservation_id"], ["reservation.id"], name=op.f("fk_stock_move_reservation_id")
        ),
        sa.ForeignKeyConstraint(["returns_id"], ["stock_move.id"], name=op.f("fk_stock_move_returns_id")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_stock_move_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_move")),
        sa.UniqueConstraint("reservation_id", name=op.f("uq_stock_move_reservation_id")),
    )
    op.create_index(
        "ix_stock_move_item_store", "stock_move", ["item_id", "store_id", "created_at"], unique=False
    )
    op.create_index(op.f("ix_stock_move_order_id"), "stock_move", ["order_id"], unique=False)
    op.create_index(op.f("ix_stock_move_returns_id"), "stock_move", ["returns_id"], unique=False)
    op.create_index(op.f("ix_stock_move_transfer_id"), "stock_move", ["transfer_id"], unique=False)


def _posting_line() -> None:
    op.create_table(
        "posting_line",
        sa.Column("posting_id", sa.Text(), nullable=False),
        sa.Column("asset_id", sa.Text(), nullable=True),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("account_code", sa.Text(), nullable=False),
        sa.Column("account_name", sa.Text(), nullable=False),
        sa.Column("debit_cents", sa.BigInteger(), nullable=False),
        sa.Column("credit_cents", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("axes", sa.JSON(), nullable=False),
        sa.Column("party_code", sa.Text(), nullable=True),
        sa.Column("party_name", sa.Text(), nullable=True),
        sa.Column("piece_reference", sa.Text(), nullable=False),
        sa.Column("piece_date", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "(debit_cents > 0 AND credit_cents = 0) OR (debit_cents = 0 AND credit_cents > 0)",
            name=op.f("ck_posting_line_one_side"),
        ),
        sa.ForeignKeyConstraint(["asset_id"], ["asset.id"], name=op.f("fk_posting_line_asset_id")),
        sa.ForeignKeyConstraint(
            ["posting_id"],
            ["posting.id"],
            name=op.f("fk_posting_line_posting_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("posting_id", "position", name=op.f("pk_posting_line")),
    )
    op.create_index("ix_posting_line_asset", "posting_line", ["asset_id"], unique=False)


def _posting_source() -> None:
    op.create_table(
        "posting_source",
        sa.Column("posting_id", sa.Text(), nullable=False),
        sa.Column("source_type", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("cost_item_id", sa.Text(), nullable=False),
        sa.Column("purpose", sa.Text(), nullable=False),
        sa.Column("turn", sa.BigInteger(), nullable=False),
        sa.Column("amount_cents", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "purpose IN ('cost', 'reinvoice_out', 'reinvoice_in')",
            name=op.f("ck_posting_source_purpose_word"),
        ),
        sa.CheckConstraint("turn >= 1", name=op.f("ck_posting_source_turn")),
        sa.ForeignKeyConstraint(
            ["cost_item_id"], ["cost_item.id"], name=op.f("fk_posting_source_cost_item_id")
        ),
        sa.ForeignKeyConstraint(
            ["posting_id"],
            ["posting.id"],
            name=op.f("fk_posting_source_posting_id"),
            initially="DEFERRED",
            deferrable=True,
        ),
        sa.PrimaryKeyConstraint("posting_id", "source_type", "source_id", name=op.f("pk_posting_source")),
        sa.UniqueConstraint(
            "source_type",
            "source_id",
            "purpose",
            "turn",
            name=op.f("uq_posting_source_source_type_source_id_purpose_turn"),
        ),
    )
    op.create_index(op.f("ix_posting_source_cost_item_id"), "posting_source", ["cost_item_id"], unique=False)


def _stock_count() -> None:
    op.create_table(
        "stock_count",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("item_id", sa.Text(), nullable=False),
        sa.Column("store_id", sa.Text(), nullable=False),
        sa.Column("expected_milli", sa.BigInteger(), nullable=False),
        sa.Column("counted_milli", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("move_id", sa.Text(), nullable=True),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.CheckConstraint("counted_milli >= 0", name=op.f("ck_stock_count_counted_not_negative")),
        sa.ForeignKeyConstraint(["item_id"], ["item.id"], name=op.f("fk_stock_count_item_id")),
        sa.ForeignKeyConstraint(["move_id"], ["stock_move.id"], name=op.f("fk_stock_count_move_id")),
        sa.ForeignKeyConstraint(["store_id"], ["store.id"], name=op.f("fk_stock_count_store_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stock_count")),
        sa.UniqueConstraint("move_id", name=op.f("uq_stock_count_move_id")),
    )
    # ### end Alembic commands ###


def downgrade() -> None:
    """The first revision has nothing to go back to: restore a backup instead."""
    raise NotImplementedError
