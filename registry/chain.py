"""Chain: the canonical text of a posting, and the hash that ties it to the one before.

Comes in: a posting with its lines and sources. Goes out: canonical JSON and its hash; the breaks of a journal's
chain. It never writes. Next: ``registry/postings.py``.

``hash = sha256(previous_hash ‖ canonical JSON)``. The JSON holds the whole document: number, days, labels, every
line with its axes, every source. Keys are sorted, no spaces, UTF-8, amounts in cents, days and instants in ISO
8601 (instants in UTC with microseconds). Anybody can compute it again without this program.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry.tables.accounting import Posting, PostingLine, PostingSource

GENESIS = "0" * 64
"""What the first posting of a journal follows."""

_DOCUMENT = (
    "id",
    "key",
    "entity_id",
    "journal_id",
    "fiscal_year",
    "number",
    "position",
    "layer",
    "kind",
    "day",
    "piece_reference",
    "piece_date",
    "label",
    "total_cents",
    "order_id",
    "proposal_id",
    "group_id",
    "reversal_of",
    "reason",
    "posted_at",
    "posted_by",
)
_LINE = (
    "position",
    "account_code",
    "account_name",
    "debit_cents",
    "credit_cents",
    "label",
    "axes",
    "asset_id",
    "party_code",
    "party_name",
    "piece_reference",
    "piece_date",
)
_SOURCE = ("source_type", "source_id", "cost_item_id", "purpose", "turn", "amount_cents")


def canonical(posting: Posting, lines: Sequence[PostingLine], sources: Sequence[PostingSource]) -> str:
    """Return the text that is hashed: the whole posting, in one spelling."""
    document = {name: _plain(getattr(posting, name)) for name in _DOCUMENT}
    document["lines"] = [
        {name: _plain(getattr(line, name)) for name in _LINE}
        for line in sorted(lines, key=lambda line: line.position)
    ]
    document["sources"] = [
        {name: _plain(getattr(source, name)) for name in _SOURCE}
        for source in sorted(sources, key=lambda source: (source.source_type, source.source_id))
    ]
    return json.dumps(document, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def link(previous_hash: str, text: str) -> str:
    """Return the hash of a posting's canonical text after the hash before it."""
    return hashlib.sha256((previous_hash + text).encode()).hexdigest()


def follow(session: Session, journal_id: str, *, batch: int = 500) -> Iterator[tuple[Posting, bool]]:
    """Walk the chain of a journal; give each posting and whether it follows the one before, unchanged."""
    previous, position = GENESIS, 0
    while True:
        query = sa.select(Posting).where(Posting.journal_id == journal_id, Posting.position > position)
        found = session.scalars(query.order_by(Posting.position).limit(batch)).all()
        if not found:
            return
        ids = [posting.id for posting in found]
        lines: dict[str, list[PostingLine]] = defaultdict(list)
        for line in session.scalars(sa.select(PostingLine).where(PostingLine.posting_id.in_(ids))):
            lines[line.posting_id].append(line)
        sources: dict[str, list[PostingSource]] = defaultdict(list)
        for source in session.scalars(sa.select(PostingSource).where(PostingSource.posting_id.in_(ids))):
            sources[source.posting_id].append(source)
        for posting in found:
            text = canonical(posting, lines[posting.id], sources[posting.id])
            follows = posting.position == position + 1 and posting.previous_hash == previous
            yield posting, follows and posting.hash == link(previous, text)
            previous, position = posting.hash, posting.position


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    return value.isoformat() if isinstance(value, date) else value
