"""Read-only lists for screens: paged on the server, on indexes, without a query for each row.

Comes in: a session, who may see which entities, filters, a page. Goes out: rows that need no second query. It never
writes. Next: ``registry/queries/page.py``.
"""

from __future__ import annotations

from registry.queries.estate import AssetHistory, AssetRow, CostRow, asset_history, assets_page, assets_within
from registry.queries.page import Page
from registry.queries.people import names_of
from registry.queries.requests import (
    RequestRow,
    TimelineRow,
    request_timeline,
    requests_by_status,
    requests_page,
)
from registry.queries.work import OrderRow, order_timeline, orders_page

__all__ = [
    "AssetHistory",
    "AssetRow",
    "CostRow",
    "OrderRow",
    "Page",
    "RequestRow",
    "TimelineRow",
    "asset_history",
    "assets_page",
    "assets_within",
    "names_of",
    "order_timeline",
    "orders_page",
    "request_timeline",
    "requests_by_status",
    "requests_page",
]
