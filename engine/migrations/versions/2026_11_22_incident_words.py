"""The words of an incident, so that it can be told in the reader's language; those from before keep their text.

Revision: 2026_11_22_incident_words
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "2026_11_22_incident_words"
down_revision = "2026_11_21_first"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("incident", sa.Column("code", sa.Text(), nullable=True))
    op.add_column("incident", sa.Column("facts", sa.JSON(), nullable=True))


def downgrade() -> None:
    """Going back means restoring a backup."""
    raise NotImplementedError
