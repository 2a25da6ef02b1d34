"""The tables of the engine.

Comes in: nothing. Goes out: SQLAlchemy tables, used through Core on the hot path. They never refer to the
registry: an instance knows the outside only by its business key. Next: ``engine/store.py``.

Reading the way of data: deployment ▸ resource ▸ definition ▸ instance ▸ state ▸ task | job | timer |
subscription | incident ▸ history ▸ outbox.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class Instant(sa.types.TypeDecorator[datetime]):
    """An aware instant, stored in UTC; SQLite keeps no zone, so it is put back on the way out."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Convert to UTC; a naive instant is a mistake of ours."""
        if value is None:
            return None
        assert value.tzinfo is not None, f"naive instant {value!r}"
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Return an aware UTC instant."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Text keys, aware instants, JSON kept as text where the engine itself reads it back."""

    metadata = sa.MetaData(
        naming_convention={
            "ix": "ix_%(column_0_N_label)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        str: sa.Text(),
        int: sa.BigInteger(),
        datetime: Instant(),
    }


class Deployment(Base):
    """A set of files deployed together, and why."""

    __tablename__ = "deployment"
    id: Mapped[str] = mapped_column(primary_key=True)
    created_at: Mapped[datetime]
    created_by: Mapped[str]
    message: Mapped[str]


class Resource(Base):
    """One deployed file; the same content is stored once."""

    __tablename__ = "resource"
    hash: Mapped[str] = mapped_column(primary_key=True, comment="sha256 of the content")
    content: Mapped[bytes]


class DeploymentFile(Base):
    """Which files a deployment holds."""

    __tablename__ = "deployment_file"
    deployment_id: Mapped[str] = mapped_column(sa.ForeignKey("deployment.id"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    hash: Mapped[str] = mapped_column(sa.ForeignKey("resource.hash"), index=True)


class Definition(Base):
    """A version of a process, decision or form.

    ``kind`` is process, decision or form; ``key`` its id in the file; versions count from 1 per kind and key;
    a file whose content is already the newest version adds none.
    """

    __tablename__ = "definition"
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    key: Mapped[str]
    version: Mapped[int]
    version_tag: Mapped[str | None]
    name: Mapped[str]
    file: Mapped[str]
    hash: Mapped[str] = mapped_column(sa.ForeignKey("resource.hash"))
    deployment_id: Mapped[str] = mapped_column(sa.ForeignKey("deployment.id"), index=True)
    created_at: Mapped[datetime]
    __table_args__ = (
        sa.UniqueConstraint("kind", "key", "version"),
        sa.CheckConstraint("kind IN ('process', 'decision', 'form')", name="kind"),
    )


class StartSubscription(Base):
    """What starts a new instance of a process from outside: its newest version only."""

    __tablename__ = "start_subscription"
    definition_id: Mapped[str] = mapped_column(sa.ForeignKey("definition.id"), primary_key=True)
    element: Mapped[str] = mapped_column(primary_key=True)
    process_id: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    name: Mapped[str | None]
    due_at: Mapped[datetime | None]
    remaining: Mapped[int] = mapped_column(default=1, comment="repetitions left, -1 for ever")
    interval: Mapped[str | None] = mapped_column(comment="ISO 8601 duration of a cycle")
    __table_args__ = (
        sa.Index("ix_start_subscription_wake", "kind", "name"),
        sa.Index("ix_start_subscription_due", "due_at"),
    )


class ProcessInstance(Base):
    """A process instance, or one called by an activity of another (then ``root_id`` differs from ``id``)."""

    __tablename__ = "process_instance"
    id: Mapped[str] = mapped_column(primary_key=True)
    root_id: Mapped[str] = mapped_column(index=True)
    parent_id: Mapped[str | None]
    token: Mapped[int]
    definition_id: Mapped[str] = mapped_column(sa.ForeignKey("definition.id"))
    process_id: Mapped[str]
    business_key: Mapped[str | None]
    start_message: Mapped[str | None] = mapped_column(comment="the message that started it, and its key")
    start_key: Mapped[str | None]
    status: Mapped[str]
    started_at: Mapped[datetime]
    started_by: Mapped[str]
    ended_at: Mapped[datetime | None]
    __table_args__ = (
        # NULLs are distinct in both databases: only instances with a business key are unique, for ever.
        sa.UniqueConstraint("process_id", "business_key"),
        sa.CheckConstraint("status IN ('active', 'suspended', 'completed', 'terminated')", name="status"),
        sa.Index("ix_process_instance_listing", "process_id", "status", "started_at"),
        sa.Index("ix_process_instance_definition", "definition_id", "status"),
        sa.Index("ix_process_instance_business_key", "business_key"),
        # One instance per message and correlation key while it runs; an empty key starts as many as it likes.
        sa.Index(
            "ix_process_instance_start",
            "process_id",
            "start_message",
            "start_key",
            unique=True,
            sqlite_where=sa.text("status IN ('active', 'suspended') AND start_key <> ''"),
            postgresql_where=sa.text("status IN ('active', 'suspended') AND start_key <> ''"),
        ),
    )


class InstanceState(Base):
    """The frozen run of a root instance: the row a command locks, and the only one it rewrites.

    Status and business key stand here too: a command that has waited for the lock sees this row as it is now,
    but a joined row as it was before.
    """

    __tablename__ = "instance_state"
    instance_id: Mapped[str] = mapped_column(sa.ForeignKey("process_instance.id"), primary_key=True)
    definition_id: Mapped[str]
    business_key: Mapped[str | None]
    status: Mapped[str]
    version: Mapped[int]
    history_seq: Mapped[int]
    document: Mapped[str]


class UserTask(Base):
    """A user task in somebody's inbox, or done."""

    __tablename__ = "user_task"
    id: Mapped[str] = mapped_column(primary_key=True, comment="root instance id and token: INSTANCE.TOKEN")
    instance_id: Mapped[str] = mapped_column(comment="root instance")
    process_instance_id: Mapped[str]
    process_id: Mapped[str]
    token: Mapped[int]
    element: Mapped[str]
    name: Mapped[str]
    business_key: Mapped[str | None]
    form_id: Mapped[str | None]
    form_definition_id: Mapped[str | None]
    assignee: Mapped[str | None]
    candidate_users: Mapped[str] = mapped_column(default="[]", comment="JSON list")
    candidate_groups: Mapped[str] = mapped_column(default="[]", comment="JSON list, for reading back")
    priority: Mapped[int]
    due_date: Mapped[datetime | None]
    follow_up_date: Mapped[datetime | None]
    status: Mapped[str]
    version: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None]
    __table_args__ = (
        sa.CheckConstraint("status IN ('open', 'completed', 'cancelled')", name="status"),
        sa.Index("ix_user_task_instance", "instance_id"),
        sa.Index(
            "ix_user_task_assignee",
            "assignee",
            "due_date",
            sqlite_where=sa.text("status = 'open'"),
            postgresql_where=sa.text("status = 'open'"),
        ),
        sa.Index(
            "ix_user_task_due",
            "due_date",
            sqlite_where=sa.text("status = 'open'"),
            postgresql_where=sa.text("status = 'open'"),
        ),
    )


class TaskCandidate(Base):
    """Who may claim an open task; rows go when the task ends, so the inbox index holds open work only."""

    __tablename__ = "task_candidate"
    name: Mapped[str] = mapped_column(primary_key=True, comment="group name, or user:ID")
    task_id: Mapped[str] = mapped_column(primary_key=True, index=True)
    due_date: Mapped[datetime] = mapped_column(
        comment="the task's, or the end of time: the inbox is read in this order"
    )
    free: Mapped[bool] = mapped_column(comment="nobody has claimed the task: the inbox need not look at it")
    __table_args__ = (sa.Index("ix_task_candidate_inbox", "name", "free", "due_date", "task_id"),)


class TaskDraft(Base):
    """What somebody has typed into a task's form and not submitted."""

    __tablename__ = "task_draft"
    task_id: Mapped[str] = mapped_column(sa.ForeignKey("user_task.id"), primary_key=True)
    person: Mapped[str] = mapped_column(primary_key=True)
    data: Mapped[str]
    saved_at: Mapped[datetime]


class Job(Base):
    """Work for an outside worker: leased, fenced, retried."""

    __tablename__ = "job"
    id: Mapped[str] = mapped_column(primary_key=True, comment="INSTANCE.TOKEN")
    instance_id: Mapped[str] = mapped_column(index=True)
    process_instance_id: Mapped[str]
    token: Mapped[int]
    element: Mapped[str]
    type: Mapped[str]
    headers: Mapped[str]
    retries: Mapped[int]
    worker: Mapped[str | None]
    fence: Mapped[int] = mapped_column(default=0, comment="grows with each lease; an older holder is refused")
    available_at: Mapped[datetime] = mapped_column(comment="end of the lease, or of the back-off")
    created_at: Mapped[datetime]
    __table_args__ = (sa.Index("ix_job_acquire", "type", "available_at"),)


class Timer(Base):
    """A due date that will move a token."""

    __tablename__ = "timer"
    instance_id: Mapped[str] = mapped_column(primary_key=True)
    token: Mapped[int] = mapped_column(primary_key=True)
    element: Mapped[str]
    due_at: Mapped[datetime] = mapped_column(index=True)


class Subscription(Base):
    """A message or signal that a token waits for."""

    __tablename__ = "subscription"
    instance_id: Mapped[str] = mapped_column(primary_key=True)
    token: Mapped[int] = mapped_column(primary_key=True)
    element: Mapped[str]
    kind: Mapped[str]
    name: Mapped[str]
    key: Mapped[str] = mapped_column(default="")
    process_id: Mapped[str]
    created_at: Mapped[datetime]
    __table_args__ = (sa.Index("ix_subscription_wake", "kind", "name", "key"),)


class Message(Base):
    """A message that nobody waited for yet, kept until it expires."""

    __tablename__ = "message"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str]
    key: Mapped[str]
    variables: Mapped[str]
    published_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
    __table_args__ = (sa.Index("ix_message_match", "name", "key", "published_at"),)


class MessageReceipt(Base):
    """A message id given by its sender: published once, whatever the sender repeats."""

    __tablename__ = "message_receipt"
    message_id: Mapped[str] = mapped_column(primary_key=True)
    published_at: Mapped[datetime]


class MessageSeen(Base):
    """A message goes to one instance of a process at most: which processes have had it."""

    __tablename__ = "message_seen"
    message_id: Mapped[str] = mapped_column(primary_key=True)
    process_id: Mapped[str] = mapped_column(primary_key=True)


class Incident(Base):
    """A token that could not go on, and why: in English, and by code and facts for other languages."""

    __tablename__ = "incident"
    id: Mapped[str] = mapped_column(primary_key=True)
    instance_id: Mapped[str] = mapped_column(index=True)
    process_instance_id: Mapped[str]
    token: Mapped[int]
    element: Mapped[str]
    kind: Mapped[str]
    message: Mapped[str]
    code: Mapped[str | None]
    facts: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    created_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    __table_args__ = (
        sa.Index(
            "ix_incident_open",
            "created_at",
            sqlite_where=sa.text("resolved_at IS NULL"),
            postgresql_where=sa.text("resolved_at IS NULL"),
        ),
    )


class History(Base):
    """What happened in an instance, in order; never changed, never deleted before its instance."""

    __tablename__ = "history"
    instance_id: Mapped[str] = mapped_column(primary_key=True, comment="root instance")
    seq: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    actor: Mapped[str]
    event: Mapped[str]
    process_instance_id: Mapped[str]
    element: Mapped[str]
    token: Mapped[int]
    data: Mapped[str | None]


class Outbox(Base):
    """An effect on the outside, delivered at least once with a key that never changes."""

    __tablename__ = "outbox"
    id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    key: Mapped[str] = mapped_column(unique=True)
    payload: Mapped[str]
    status: Mapped[str]
    attempts: Mapped[int] = mapped_column(default=0)
    next_attempt_at: Mapped[datetime]
    created_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    error: Mapped[str | None]
    __table_args__ = (
        sa.CheckConstraint("status IN ('queued', 'delivered', 'failed')", name="status"),
        sa.Index("ix_outbox_due", "status", "next_attempt_at"),
    )
