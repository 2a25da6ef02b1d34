"""Tables of programs: the tokens they come with, and the answers they were given.

Comes in: nothing. Goes out: ``ApiToken``, ``ApiAnswer``. It never holds a secret, only its hash. Next:
``registry/tokens.py``, ``registry/answers.py``.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from registry.tables.base import Base
from registry.tables.stamps import Stamped


class ApiToken(Stamped, Base):
    """What a program shows to be let in: for some scopes, until a day, perhaps in the name of a person."""

    __tablename__ = "api_token"

    id: Mapped[str] = mapped_column(primary_key=True)
    prefix: Mapped[str] = mapped_column(unique=True)
    """The part of the token that may be shown: people and logs name it so."""
    hash: Mapped[str] = mapped_column(unique=True)
    """SHA-256 of the whole token. Its secret has 256 random bits, so a slow hash would add nothing."""
    name: Mapped[str]
    scopes: Mapped[list[Any]]
    entity_ids: Mapped[list[Any] | None]
    """Ids of the entities it may see; NULL for all."""
    person_id: Mapped[str | None] = mapped_column(sa.ForeignKey("person.id"), index=True)
    expires_at: Mapped[datetime]
    used_on: Mapped[date | None]
    revoked_at: Mapped[datetime | None]
    revoked_by: Mapped[str | None]


class ApiAnswer(Base):
    """The answer to a command that its sender may repeat: the same command again gets the same answer."""

    __tablename__ = "api_answer"

    holder: Mapped[str] = mapped_column(primary_key=True)
    """Who sent it: a key of one program says nothing to another."""
    key: Mapped[str] = mapped_column(primary_key=True)
    digest: Mapped[str]
    """SHA-256 of the command, so that another command under the same key is noticed."""
    status: Mapped[int]
    body: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(index=True)
