"""Tables of people: persons, teams, memberships, roles, hourly rates and substitutes.

Comes in: nothing. Goes out: the mapped classes; facts that change carry dates. It never holds a password, only
the hash that the web made. Next: ``registry/people.py``.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Literal, get_args

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.base import Base
from registry.tables.stamps import Stamped, one_of

Role = Literal["operator", "leader", "agent", "storekeeper", "accountant", "owner", "manager", "admin"]
ROLES: tuple[str, ...] = get_args(Role)


class Team(Stamped, Base):
    """People who work together. Its code is a candidate group, so it is unique in the whole house."""

    __tablename__ = "team"

    id: Mapped[str] = mapped_column(primary_key=True)
    entity_id: Mapped[str] = mapped_column(sa.ForeignKey("entity.id"), index=True)
    service_id: Mapped[str | None] = mapped_column(sa.ForeignKey("service.id"))
    code: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    active: Mapped[bool]


class Person(Stamped, Base):
    """Somebody who works for an entity. Erasing the person empties the names and keeps the row."""

    __tablename__ = "person"
    __table_args__ = (
        sa.CheckConstraint("failed_logins >= 0", name="failed_logins"),
        sa.CheckConstraint("erased_at IS NULL OR email IS NULL", name="erased_has_no_email"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    entity_id: Mapped[str] = mapped_column(sa.ForeignKey("entity.id"), index=True)
    name: Mapped[str]
    email: Mapped[str | None] = mapped_column(unique=True)
    locale: Mapped[str]
    active: Mapped[bool]
    supplier_id: Mapped[str | None] = mapped_column(sa.ForeignKey("supplier.id"), index=True)
    """The firm a contractor's person works for: such a person sees that firm's orders only."""
    password_hash: Mapped[str | None]
    password_set_at: Mapped[datetime | None]
    password_set_by: Mapped[str | None]
    failed_logins: Mapped[int]
    last_failed_at: Mapped[datetime | None]
    erased_at: Mapped[datetime | None]
    erased_by: Mapped[str | None]


class Membership(Stamped, Base):
    """One stay of a person in a team; a closed stay remains readable."""

    __tablename__ = "membership"
    __table_args__ = (
        sa.Index(
            "uq_membership_open",
            "person_id",
            "team_id",
            unique=True,
            sqlite_where=sa.text("left_at IS NULL"),
            postgresql_where=sa.text("left_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(sa.ForeignKey("person.id"))
    team_id: Mapped[str] = mapped_column(sa.ForeignKey("team.id"), index=True)
    leader: Mapped[bool]
    left_at: Mapped[datetime | None]
    left_by: Mapped[str | None]


class RoleGrant(Stamped, Base):
    """A role of a person in one entity, or in all of them when ``entity_id`` is NULL."""

    __tablename__ = "role_grant"
    __table_args__ = (
        one_of("role", ROLES),
        sa.Index(
            "uq_role_grant_open",
            "person_id",
            "role",
            sa.text("coalesce(entity_id, '')"),
            unique=True,
            sqlite_where=sa.text("revoked_at IS NULL"),
            postgresql_where=sa.text("revoked_at IS NULL"),
        ),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(sa.ForeignKey("person.id"))
    role: Mapped[str]
    entity_id: Mapped[str | None] = mapped_column(sa.ForeignKey("entity.id"))
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None]


class HourlyRate(Stamped, Base):
    """What an hour of a person or a team costs, in cents, from a day on."""

    __tablename__ = "hourly_rate"
    __table_args__ = (
        sa.UniqueConstraint("person_id", "valid_from"),
        sa.UniqueConstraint("team_id", "valid_from"),
        sa.CheckConstraint("(person_id IS NULL) <> (team_id IS NULL)", name="one_holder"),
        sa.CheckConstraint("hourly_cents >= 0", name="hourly_cents"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str | None] = mapped_column(sa.ForeignKey("person.id"))
    team_id: Mapped[str | None] = mapped_column(sa.ForeignKey("team.id"))
    hourly_cents: Mapped[int]
    valid_from: Mapped[date]


class Substitution(Stamped, Base):
    """Who acts for whom, from the first to the last day, both included."""

    __tablename__ = "substitution"
    __table_args__ = (
        sa.CheckConstraint("first_day <= last_day", name="days_in_order"),
        sa.CheckConstraint("person_id <> substitute_id", name="somebody_else"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[str] = mapped_column(sa.ForeignKey("person.id"), index=True)
    substitute_id: Mapped[str] = mapped_column(sa.ForeignKey("person.id"), index=True)
    first_day: Mapped[date]
    last_day: Mapped[date]
    reason: Mapped[str]
