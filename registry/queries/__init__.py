"""Read-only lists for screens: paged on the server, on indexes, without a query for each row.

Comes in: a session, who may see which entities, filters, a page. Goes out: rows that need no second query. It never
writes. Next: ``registry/queries/page.py``.
"""

from __future__ import annotations

from registry.queries.accounting import (
    PostingRow,
    PostingSheet,
    ProposalRow,
    ProposalSheet,
    SourceRow,
    accounts,
    journals,
    periods,
    posting_sheet,
    postings_page,
    proposal_sheet,
    proposals_page,
)
from registry.queries.estate import AssetHistory, AssetRow, CostRow, asset_history, assets_page, assets_within
from registry.queries.page import Page
from registry.queries.people import SignedInRow, names_of, signed_in_page
from registry.queries.requests import (
    RequestRow,
    TimelineRow,
    request_timeline,
    requests_by_status,
    requests_of,
    requests_page,
)
from registry.queries.stock import (
    MaterialRow,
    MoveRow,
    ReservationRow,
    StockRow,
    materials_of,
    moves_page,
    reorder_list,
    reservations_of_item,
    reservations_of_order,
    stock_page,
    stores,
)
from registry.queries.work import OrderRow, order_timeline, orders_of, orders_page

__all__ = [
    "AssetHistory",
    "AssetRow",
    "CostRow",
    "MaterialRow",
    "MoveRow",
    "OrderRow",
    "Page",
    "PostingRow",
    "PostingSheet",
    "ProposalRow",
    "ProposalSheet",
    "RequestRow",
    "ReservationRow",
    "SignedInRow",
    "SourceRow",
    "StockRow",
    "TimelineRow",
    "accounts",
    "asset_history",
    "assets_page",
    "assets_within",
    "journals",
    "materials_of",
    "moves_page",
    "names_of",
    "order_timeline",
    "orders_of",
    "orders_page",
    "periods",
    "posting_sheet",
    "postings_page",
    "proposal_sheet",
    "proposals_page",
    "reorder_list",
    "request_timeline",
    "requests_by_status",
    "requests_of",
    "requests_page",
    "reservations_of_item",
    "reservations_of_order",
    "signed_in_page",
    "stock_page",
    "stores",
]
