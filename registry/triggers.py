"""Triggers: what the database itself refuses, whoever writes to it.

Comes in: a table, or the name of a dialect. Goes out: the statements that guard it, run after its creation, or
listed for a migration. It never drops a guard. Next: ``registry/postings.py``, for the order in which a
posting is written so that its guards can judge it.

Guarded on SQLite and PostgreSQL alike: rows that never change (moves, counts, cost items, rules, lines,
postings and their sources), rows answered once (reservations, needs, proposals, periods), owner periods that overlap, and the posting: its
lines come first, its own row seals them. The insertion of that row is refused unless there are two lines or
more, debit equals credit equals the total, the number follows the last one of its entity, journal and year,
and the previous hash is that of the last posting of the journal. After it no line may be added. A line whose
posting never comes is refused at the end of the transaction by the deferred foreign key.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

NEVER_CHANGED = (
    "stock_move",
    "stock_count",
    "cost_item",
    "settlement_rule",
    "proposal_line",
    "proposal_source",
    "posting",
    "posting_line",
    "posting_source",
)
"""Tables whose rows are written once."""

ANSWERED_ONCE = {
    "reservation": ("held", ("item_id", "store_id", "order_id", "quantity_milli", "held_at", "held_by")),
    "material_need": ("waiting", ("item_id", "store_id", "order_id", "quantity_milli")),
    "proposal": (
        "pending",
        ("entity_id", "journal_id", "layer", "order_id", "total_cents", "key", "group_id"),
    ),
    "period": ("open", ("entity_id", "year", "month")),
}
"""Tables whose rows wait in one status for one answer, and the columns that even that answer leaves alone."""

GATHERED = ("labour_entry", "contractor_cost")
"""Tables whose rows never change once a cost item was made of them."""

KEPT_APART = ("owner_period",)
"""Tables whose rows are periods of an asset that may not overlap."""

SEALED_BY_POSTING = ("posting_line", "posting_source")

_POSTGRESQL_FUNCTIONS = (
    """CREATE OR REPLACE FUNCTION registry_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'restrict_violation', MESSAGE = 'A row of ' || TG_TABLE_NAME || ' never changes.';
END $$""",
    """CREATE OR REPLACE FUNCTION registry_refuse_late_row() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM posting WHERE id = NEW.posting_id) THEN
    RAISE EXCEPTION USING ERRCODE = 'restrict_violation', MESSAGE = 'A posting takes no new ' || TG_TABLE_NAME || '.';
  END IF;
  RETURN NEW;
END $$""",
    """CREATE OR REPLACE FUNCTION registry_seal_posting() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  lines bigint; debit bigint; credit bigint; last_number bigint; last_position bigint; last_hash text;
BEGIN
  SELECT count(*), coalesce(sum(debit_cents), 0), coalesce(sum(credit_cents), 0)
    INTO lines, debit, credit FROM posting_line WHERE posting_id = NEW.id;
  IF lines < 2 OR debit <> credit OR debit <> NEW.total_cents THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = 'A posting balances over two lines or more.';
  END IF;
  SELECT coalesce(max(number), 0) INTO last_number FROM posting
    WHERE entity_id = NEW.entity_id AND journal_id = NEW.journal_id AND fiscal_year = NEW.fiscal_year;
  SELECT coalesce(max(position), 0) INTO last_position FROM posting WHERE journal_id = NEW.journal_id;
  IF NEW.number <> last_number + 1 OR NEW.position <> last_position + 1 THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = 'A posting takes the next number.';
  END IF;
  SELECT hash INTO last_hash FROM posting WHERE journal_id = NEW.journal_id AND position = last_position;
  IF NEW.previous_hash <> coalesce(last_hash, repeat('0', 64)) THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = 'A posting follows the last one of its journal.';
  END IF;
  RETURN NEW;
END $$""",
    """CREATE OR REPLACE FUNCTION registry_refuse_gathered() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM cost_item WHERE source_type = TG_TABLE_NAME AND source_id = OLD.id) THEN
    RAISE EXCEPTION USING ERRCODE = 'restrict_violation',
      MESSAGE = 'A row of ' || TG_TABLE_NAME || ' never changes after its cost was gathered.';
  END IF;
  IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;
  RETURN NEW;
END $$""",
    """CREATE OR REPLACE FUNCTION registry_refuse_overlap() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM owner_period other
             WHERE other.asset_id = NEW.asset_id AND other.id <> NEW.id
               AND other.owned_from < coalesce(NEW.owned_until, 'infinity')
               AND NEW.owned_from < coalesce(other.owned_until, 'infinity')) THEN
    RAISE EXCEPTION USING ERRCODE = 'exclusion_violation', MESSAGE = 'An asset has one owner on a day.';
  END IF;
  RETURN NEW;
END $$""",
    # Another transaction may slip a line under a posting that it cannot see yet: look again at the end.
    """CREATE OR REPLACE FUNCTION registry_weigh_posting() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  debit bigint; credit bigint;
BEGIN
  SELECT coalesce(sum(debit_cents), 0), coalesce(sum(credit_cents), 0)
    INTO debit, credit FROM posting_line WHERE posting_id = NEW.posting_id;
  IF NOT EXISTS (SELECT 1 FROM posting WHERE id = NEW.posting_id AND total_cents = debit AND debit = credit) THEN
    RAISE EXCEPTION USING ERRCODE = 'check_violation', MESSAGE = 'A posting balances over two lines or more.';
  END IF;
  RETURN NULL;
END $$""",
)

_SQLITE_GATHERED = {
    "labour_entry": (
        """CREATE TRIGGER IF NOT EXISTS labour_entry_gathered BEFORE UPDATE ON labour_entry
WHEN EXISTS (SELECT 1 FROM cost_item WHERE source_type = 'labour_entry' AND source_id = OLD.id)
BEGIN SELECT RAISE(ABORT, 'A row of labour_entry never changes after its cost was gathered.'); END""",
        """CREATE TRIGGER IF NOT EXISTS labour_entry_gathered_kept BEFORE DELETE ON labour_entry
WHEN EXISTS (SELECT 1 FROM cost_item WHERE source_type = 'labour_entry' AND source_id = OLD.id)
BEGIN SELECT RAISE(ABORT, 'A row of labour_entry never changes after its cost was gathered.'); END""",
    ),
    "contractor_cost": (
        """CREATE TRIGGER IF NOT EXISTS contractor_cost_gathered BEFORE UPDATE ON contractor_cost
WHEN EXISTS (SELECT 1 FROM cost_item WHERE source_type = 'contractor_cost' AND source_id = OLD.id)
BEGIN SELECT RAISE(ABORT, 'A row of contractor_cost never changes after its cost was gathered.'); END""",
        """CREATE TRIGGER IF NOT EXISTS contractor_cost_gathered_kept BEFORE DELETE ON contractor_cost
WHEN EXISTS (SELECT 1 FROM cost_item WHERE source_type = 'contractor_cost' AND source_id = OLD.id)
BEGIN SELECT RAISE(ABORT, 'A row of contractor_cost never changes after its cost was gathered.'); END""",
    ),
}

_SQLITE_APART = (
    """CREATE TRIGGER IF NOT EXISTS owner_period_apart BEFORE INSERT ON owner_period
WHEN EXISTS (SELECT 1 FROM owner_period other
             WHERE other.asset_id = NEW.asset_id AND other.id <> NEW.id
               AND other.owned_from < coalesce(NEW.owned_until, '9999-12-31')
               AND NEW.owned_from < coalesce(other.owned_until, '9999-12-31'))
BEGIN SELECT RAISE(ABORT, 'An asset has one owner on a day.'); END""",
    """CREATE TRIGGER IF NOT EXISTS owner_period_kept_apart BEFORE UPDATE ON owner_period
WHEN EXISTS (SELECT 1 FROM owner_period other
             WHERE other.asset_id = NEW.asset_id AND other.id <> NEW.id
               AND other.owned_from < coalesce(NEW.owned_until, '9999-12-31')
               AND NEW.owned_from < coalesce(other.owned_until, '9999-12-31'))
BEGIN SELECT RAISE(ABORT, 'An asset has one owner on a day.'); END""",
)

_SQLITE_LATE_ROW = {
    "posting_line": """CREATE TRIGGER IF NOT EXISTS posting_line_sealed BEFORE INSERT ON posting_line
WHEN EXISTS (SELECT 1 FROM posting WHERE id = NEW.posting_id)
BEGIN SELECT RAISE(ABORT, 'A posting takes no new posting_line.'); END""",
    "posting_source": """CREATE TRIGGER IF NOT EXISTS posting_source_sealed BEFORE INSERT ON posting_source
WHEN EXISTS (SELECT 1 FROM posting WHERE id = NEW.posting_id)
BEGIN SELECT RAISE(ABORT, 'A posting takes no new posting_source.'); END""",
}

_SQLITE_SEAL = (
    """CREATE TRIGGER IF NOT EXISTS posting_sealed_balanced BEFORE INSERT ON posting
WHEN (SELECT count(*) < 2 OR coalesce(sum(debit_cents), 0) <> coalesce(sum(credit_cents), 0)
        OR coalesce(sum(debit_cents), 0) <> NEW.total_cents
      FROM posting_line WHERE posting_id = NEW.id)
BEGIN SELECT RAISE(ABORT, 'A posting balances over two lines or more.'); END""",
    """CREATE TRIGGER IF NOT EXISTS posting_sealed_numbered BEFORE INSERT ON posting
WHEN NEW.number <> 1 + (SELECT coalesce(max(number), 0) FROM posting
                        WHERE entity_id = NEW.entity_id AND journal_id = NEW.journal_id
                          AND fiscal_year = NEW.fiscal_year)
  OR NEW.position <> 1 + (SELECT coalesce(max(position), 0) FROM posting WHERE journal_id = NEW.journal_id)
BEGIN SELECT RAISE(ABORT, 'A posting takes the next number.'); END""",
    """CREATE TRIGGER IF NOT EXISTS posting_sealed_chained BEFORE INSERT ON posting
WHEN NEW.previous_hash <> coalesce(
  (SELECT hash FROM posting WHERE journal_id = NEW.journal_id AND position = NEW.position - 1),
  '0000000000000000000000000000000000000000000000000000000000000000')
BEGIN SELECT RAISE(ABORT, 'A posting follows the last one of its journal.'); END""",
)


def ddl(dialect: str, table: str | None = None) -> list[str]:
    """Return the statements that put the guards up, in order; each may run again without harm.

    Args:
        dialect: ``sqlite`` or ``postgresql``.
        table: the guards of this table only, with what they need; None gives all of them.
    """
    build = _postgresql if dialect == "postgresql" else _sqlite
    tables = [*NEVER_CHANGED, *ANSWERED_ONCE, *GATHERED, *KEPT_APART] if table is None else [table]
    functions = list(_POSTGRESQL_FUNCTIONS) if dialect == "postgresql" else []
    return functions + [statement for name in tables for statement in build(name)]


def attach(table: sa.FromClause) -> None:
    """Put the guards of ``table`` up whenever the table is created from its metadata."""
    assert isinstance(table, sa.Table), table

    def guard(target: sa.Table, connection: sa.Connection, **_: Any) -> None:
        for statement in ddl(connection.dialect.name, target.name):
            connection.exec_driver_sql(statement)

    sa.event.listen(table, "after_create", guard)


def _postgresql(table: str) -> list[str]:
    statements = []
    if table in NEVER_CHANGED:
        statements += [
            (
                f"CREATE OR REPLACE TRIGGER {table}_never_changes BEFORE UPDATE OR DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION registry_refuse_change()"
            ),
            (
                f"CREATE OR REPLACE TRIGGER {table}_never_emptied BEFORE TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION registry_refuse_change()"
            ),
        ]
    if table in ANSWERED_ONCE:
        waiting, fixed = ANSWERED_ONCE[table]
        changed = " OR ".join(f"OLD.{column} IS DISTINCT FROM NEW.{column}" for column in ("id", *fixed))
        statements += [
            (
                f"CREATE OR REPLACE TRIGGER {table}_answered_once BEFORE UPDATE ON {table} FOR EACH ROW "
                f"WHEN (OLD.status <> '{waiting}' OR {changed}) EXECUTE FUNCTION registry_refuse_change()"
            ),
            (
                f"CREATE OR REPLACE TRIGGER {table}_never_deleted BEFORE DELETE ON {table} "
                "FOR EACH ROW EXECUTE FUNCTION registry_refuse_change()"
            ),
            (
                f"CREATE OR REPLACE TRIGGER {table}_never_emptied BEFORE TRUNCATE ON {table} "
                "FOR EACH STATEMENT EXECUTE FUNCTION registry_refuse_change()"
            ),
        ]
    if table in GATHERED:
        statements.append(
            f"CREATE OR REPLACE TRIGGER {table}_gathered BEFORE UPDATE OR DELETE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION registry_refuse_gathered()"
        )
    if table in KEPT_APART:
        statements.append(
            f"CREATE OR REPLACE TRIGGER {table}_apart BEFORE INSERT OR UPDATE ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION registry_refuse_overlap()"
        )
    if table in SEALED_BY_POSTING:
        statements.append(
            f"CREATE OR REPLACE TRIGGER {table}_sealed BEFORE INSERT ON {table} "
            "FOR EACH ROW EXECUTE FUNCTION registry_refuse_late_row()"
        )
    if table == "posting":
        statements.append(
            "CREATE OR REPLACE TRIGGER posting_sealed BEFORE INSERT ON posting "
            "FOR EACH ROW EXECUTE FUNCTION registry_seal_posting()"
        )
    if table == "posting_line":
        statements += [
            "DROP TRIGGER IF EXISTS posting_line_weighed ON posting_line",
            (
                "CREATE CONSTRAINT TRIGGER posting_line_weighed AFTER INSERT ON posting_line "
                "DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION registry_weigh_posting()"
            ),
        ]
    return statements


def _sqlite(table: str) -> list[str]:
    refuse = f"BEGIN SELECT RAISE(ABORT, 'A row of {table} never changes.'); END"
    statements = []
    if table in NEVER_CHANGED:
        statements += [
            f"CREATE TRIGGER IF NOT EXISTS {table}_never_changes BEFORE UPDATE ON {table} {refuse}",
            f"CREATE TRIGGER IF NOT EXISTS {table}_never_deleted BEFORE DELETE ON {table} {refuse}",
        ]
    if table in ANSWERED_ONCE:
        waiting, fixed = ANSWERED_ONCE[table]
        changed = " OR ".join(f"OLD.{column} IS NOT NEW.{column}" for column in ("id", *fixed))
        statements += [
            (
                f"CREATE TRIGGER IF NOT EXISTS {table}_answered_once BEFORE UPDATE ON {table} "
                f"WHEN OLD.status <> '{waiting}' OR {changed} {refuse}"
            ),
            f"CREATE TRIGGER IF NOT EXISTS {table}_never_deleted BEFORE DELETE ON {table} {refuse}",
        ]
    if table in GATHERED:
        statements += _SQLITE_GATHERED[table]
    if table in KEPT_APART:
        statements += _SQLITE_APART
    if table in SEALED_BY_POSTING:
        statements.append(_SQLITE_LATE_ROW[table])
    if table == "posting":
        statements += _SQLITE_SEAL
    return statements
