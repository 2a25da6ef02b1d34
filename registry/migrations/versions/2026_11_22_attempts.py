"""Counts of attempts that all processes share.

Revision: 2026_11_22_attempts
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from registry.tables.base import Instant

revision = "2026_11_22_attempts"
down_revision = "2026_11_22_sign_ins"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "attempt",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("until", Instant(), nullable=False),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_attempt")),
    )
    op.create_index(op.f("ix_attempt_until"), "attempt", ["until"], unique=False)


def downgrade() -> None:
    """Going back means restoring a backup."""
    raise NotImplementedError
