"""The tables of the engine.

Revision: 2026_11_21_first
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from engine.tables import Instant

revision = "2026_11_21_first"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    _deployment()
    _history()
    _incident()
    _job()
    _message()
    _message_receipt()
    _message_seen()
    _outbox()
    _resource()
    _subscription()
    _task_candidate()
    _timer()
    _user_task()
    _definition()
    _deployment_file()
    _task_draft()
    _process_instance()
    _start_subscription()
    _instance_state()


def _deployment() -> None:
    op.create_table(
        "deployment",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deployment")),
    )


def _history() -> None:
    op.create_table(
        "history",
        sa.Column("instance_id", sa.Text(), nullable=False, comment="root instance"),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("at", Instant(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("process_instance_id", sa.Text(), nullable=False),
        sa.Column("element", sa.Text(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("data", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("instance_id", "seq", name=op.f("pk_history")),
    )


def _incident() -> None:
    op.create_table(
        "incident",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("process_instance_id", sa.Text(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("element", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("resolved_at", Instant(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incident")),
    )
    op.create_index(op.f("ix_incident_instance_id"), "incident", ["instance_id"], unique=False)
    op.create_index(
        "ix_incident_open",
        "incident",
        ["created_at"],
        unique=False,
        sqlite_where=sa.text("resolved_at IS NULL"),
        postgresql_where=sa.text("resolved_at IS NULL"),
    )


def _job() -> None:
    op.create_table(
        "job",
        sa.Column("id", sa.Text(), nullable=False, comment="INSTANCE.TOKEN"),
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("process_instance_id", sa.Text(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("element", sa.Text(), nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("retries", sa.BigInteger(), nullable=False),
        sa.Column("worker", sa.Text(), nullable=True),
        sa.Column(
            "fence",
            sa.BigInteger(),
            nullable=False,
            comment="grows with each lease; an older holder is refused",
        ),
        sa.Column("available_at", Instant(), nullable=False, comment="end of the lease, or of the back-off"),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job")),
    )
    op.create_index("ix_job_acquire", "job", ["type", "available_at"], unique=False)
    op.create_index(op.f("ix_job_instance_id"), "job", ["instance_id"], unique=False)


def _message() -> None:
    op.create_table(
        "message",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("variables", sa.Text(), nullable=False),
        sa.Column("published_at", Instant(), nullable=False),
        sa.Column("expires_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_message")),
    )
    op.create_index(op.f("ix_message_expires_at"), "message", ["expires_at"], unique=False)
    op.create_index("ix_message_match", "message", ["name", "key", "published_at"], unique=False)


def _message_receipt() -> None:
    op.create_table(
        "message_receipt",
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("published_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_message_receipt")),
    )


def _message_seen() -> None:
    op.create_table(
        "message_seen",
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("process_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", "process_id", name=op.f("pk_message_seen")),
    )


def _outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("payload", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), nullable=False),
        sa.Column("next_attempt_at", Instant(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("delivered_at", Instant(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.CheckConstraint("status IN ('queued', 'delivered', 'failed')", name=op.f("ck_outbox_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_outbox")),
        sa.UniqueConstraint("key", name=op.f("uq_outbox_key")),
    )
    op.create_index("ix_outbox_due", "outbox", ["status", "next_attempt_at"], unique=False)


def _resource() -> None:
    op.create_table(
        "resource",
        sa.Column("hash", sa.Text(), nullable=False, comment="sha256 of the content"),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_resource")),
    )


def _subscription() -> None:
    op.create_table(
        "subscription",
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("element", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("process_id", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("instance_id", "token", name=op.f("pk_subscription")),
    )
    op.create_index("ix_subscription_wake", "subscription", ["kind", "name", "key"], unique=False)


def _task_candidate() -> None:
    op.create_table(
        "task_candidate",
        sa.Column("name", sa.Text(), nullable=False, comment="group name, or user:ID"),
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column(
            "due_date",
            Instant(),
            nullable=False,
            comment="the task's, or the end of time: the inbox is read in this order",
        ),
        sa.Column(
            "free",
            sa.Boolean(),
            nullable=False,
            comment="nobody has claimed the task: the inbox need not look at it",
        ),
        sa.PrimaryKeyConstraint("name", "task_id", name=op.f("pk_task_candidate")),
    )
    op.create_index(
        "ix_task_candidate_inbox", "task_candidate", ["name", "free", "due_date", "task_id"], unique=False
    )
    op.create_index(op.f("ix_task_candidate_task_id"), "task_candidate", ["task_id"], unique=False)


def _timer() -> None:
    op.create_table(
        "timer",
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("element", sa.Text(), nullable=False),
        sa.Column("due_at", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("instance_id", "token", name=op.f("pk_timer")),
    )
    op.create_index(op.f("ix_timer_due_at"), "timer", ["due_at"], unique=False)


def _user_task() -> None:
    op.create_table(
        "user_task",
        sa.Column("id", sa.Text(), nullable=False, comment="root instance id and token: INSTANCE.TOKEN"),
        sa.Column("instance_id", sa.Text(), nullable=False, comment="root instance"),
        sa.Column("process_instance_id", sa.Text(), nullable=False),
        sa.Column("process_id", sa.Text(), nullable=False),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("element", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("business_key", sa.Text(), nullable=True),
        sa.Column("form_id", sa.Text(), nullable=True),
        sa.Column("form_definition_id", sa.Text(), nullable=True),
        sa.Column("assignee", sa.Text(), nullable=True),
        sa.Column("candidate_users", sa.Text(), nullable=False, comment="JSON list"),
        sa.Column("candidate_groups", sa.Text(), nullable=False, comment="JSON list, for reading back"),
        sa.Column("priority", sa.BigInteger(), nullable=False),
        sa.Column("due_date", Instant(), nullable=True),
        sa.Column("follow_up_date", Instant(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.CheckConstraint("status IN ('open', 'completed', 'cancelled')", name=op.f("ck_user_task_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_user_task")),
    )
    op.create_index(
        "ix_user_task_assignee",
        "user_task",
        ["assignee", "due_date"],
        unique=False,
        sqlite_where=sa.text("status = 'open'"),
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_index(
        "ix_user_task_due",
        "user_task",
        ["due_date"],
        unique=False,
        sqlite_where=sa.text("status = 'open'"),
        postgresql_where=sa.text("status = 'open'"),
    )
    op.create_index("ix_user_task_instance", "user_task", ["instance_id"], unique=False)


def _definition() -> None:
    op.create_table(
        "definition",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("version_tag", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.Column("deployment_id", sa.Text(), nullable=False),
        sa.Column("created_at", Instant(), nullable=False),
        sa.CheckConstraint("kind IN ('process', 'decision', 'form')", name=op.f("ck_definition_kind")),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["deployment.id"], name=op.f("fk_definition_deployment_id")
        ),
        sa.ForeignKeyConstraint(["hash"], ["resource.hash"], name=op.f("fk_definition_hash")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_definition")),
        sa.UniqueConstraint("kind", "key", "version", name=op.f("uq_definition_kind_key_version")),
    )
    op.create_index(op.f("ix_definition_deployment_id"), "definition", ["deployment_id"], unique=False)


def _deployment_file() -> None:
    op.create_table(
        "deployment_file",
        sa.Column("deployment_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("hash", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deployment_id"], ["deployment.id"], name=op.f("fk_deployment_file_deployment_id")
        ),
        sa.ForeignKeyConstraint(["hash"], ["resource.hash"], name=op.f("fk_deployment_file_hash")),
        sa.PrimaryKeyConstraint("deployment_id", "name", name=op.f("pk_deployment_file")),
    )
    op.create_index(op.f("ix_deployment_file_hash"), "deployment_file", ["hash"], unique=False)


def _task_draft() -> None:
    op.create_table(
        "task_draft",
        sa.Column("task_id", sa.Text(), nullable=False),
        sa.Column("person", sa.Text(), nullable=False),
        sa.Column("data", sa.Text(), nullable=False),
        sa.Column("saved_at", Instant(), nullable=False),
        sa.ForeignKeyConstraint(["task_id"], ["user_task.id"], name=op.f("fk_task_draft_task_id")),
        sa.PrimaryKeyConstraint("task_id", "person", name=op.f("pk_task_draft")),
    )


def _process_instance() -> None:
    op.create_table(
        "process_instance",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("root_id", sa.Text(), nullable=False),
        sa.Column("parent_id", sa.Text(), nullable=True),
        sa.Column("token", sa.BigInteger(), nullable=False),
        sa.Column("definition_id", sa.Text(), nullable=False),
        sa.Column("process_id", sa.Text(), nullable=False),
        sa.Column("business_key", sa.Text(), nullable=True),
        sa.Column(
            "start_message", sa.Text(), nullable=True, comment="the message that started it, and its key"
        ),
        sa.Column("start_key", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("started_at", Instant(), nullable=False),
        sa.Column("started_by", sa.Text(), nullable=False),
        sa.Column("ended_at", Instant(), nullable=True),
        sa.CheckConstraint(
            "status IN ('active', 'suspended', 'completed', 'terminated')",
            name=op.f("ck_process_instance_status"),
        ),
        sa.ForeignKeyConstraint(
            ["definition_id"], ["definition.id"], name=op.f("fk_process_instance_definition_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_process_instance")),
        sa.UniqueConstraint(
            "process_id", "business_key", name=op.f("uq_process_instance_process_id_business_key")
        ),
    )
    op.create_index("ix_process_instance_business_key", "process_instance", ["business_key"], unique=False)
    op.create_index(
        "ix_process_instance_definition", "process_instance", ["definition_id", "status"], unique=False
    )
    op.create_index(
        "ix_process_instance_listing",
        "process_instance",
        ["process_id", "status", "started_at"],
        unique=False,
    )
    op.create_index(op.f("ix_process_instance_root_id"), "process_instance", ["root_id"], unique=False)
    op.create_index(
        "ix_process_instance_start",
        "process_instance",
        ["process_id", "start_message", "start_key"],
        unique=True,
        sqlite_where=sa.text("status IN ('active', 'suspended') AND start_key <> ''"),
        postgresql_where=sa.text("status IN ('active', 'suspended') AND start_key <> ''"),
    )


def _start_subscription() -> None:
    op.create_table(
        "start_subscription",
        sa.Column("definition_id", sa.Text(), nullable=False),
        sa.Column("element", sa.Text(), nullable=False),
        sa.Column("process_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("due_at", Instant(), nullable=True),
        sa.Column("remaining", sa.BigInteger(), nullable=False, comment="repetitions left, -1 for ever"),
        sa.Column("interval", sa.Text(), nullable=True, comment="ISO 8601 duration of a cycle"),
        sa.ForeignKeyConstraint(
            ["definition_id"], ["definition.id"], name=op.f("fk_start_subscription_definition_id")
        ),
        sa.PrimaryKeyConstraint("definition_id", "element", name=op.f("pk_start_subscription")),
    )
    op.create_index("ix_start_subscription_due", "start_subscription", ["due_at"], unique=False)
    op.create_index(
        op.f("ix_start_subscription_process_id"), "start_subscription", ["process_id"], unique=False
    )
    op.create_index("ix_start_subscription_wake", "start_subscription", ["kind", "name"], unique=False)


def _instance_state() -> None:
    op.create_table(
        "instance_state",
        sa.Column("instance_id", sa.Text(), nullable=False),
        sa.Column("definition_id", sa.Text(), nullable=False),
        sa.Column("business_key", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("history_seq", sa.BigInteger(), nullable=False),
        sa.Column("document", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["process_instance.id"], name=op.f("fk_instance_state_instance_id")
        ),
        sa.PrimaryKeyConstraint("instance_id", name=op.f("pk_instance_state")),
    )
    # ### end Alembic commands ###


def downgrade() -> None:
    """The first revision has nothing to go back to: restore a backup instead."""
    raise NotImplementedError
