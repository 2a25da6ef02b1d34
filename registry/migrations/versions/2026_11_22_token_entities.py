"""Tokens that see some entities only.

Revision: 2026_11_22_token_entities
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_token_entities"
down_revision = "2026_11_22_attempts"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("api_token", sa.Column("entity_ids", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Going back means restoring a backup."""
    raise NotImplementedError
