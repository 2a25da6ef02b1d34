"""The pages: one module a noun, one short function a view. See web/README.md."""

from __future__ import annotations

from flask import Blueprint

from web.pages import (
    account,
    ask,
    assets,
    firm,
    follow,
    home,
    inbox,
    language,
    operations,
    orders,
    postings,
    processes,
    requests,
    sign_in,
    stock,
    tasks,
    uploads,
)

BLUEPRINTS: tuple[Blueprint, ...] = (
    ask.pages,
    follow.pages,
    sign_in.pages,
    language.pages,
    uploads.pages,
    home.pages,
    inbox.pages,
    tasks.pages,
    processes.pages,
    operations.pages,
    requests.pages,
    orders.pages,
    firm.pages,
    assets.pages,
    stock.pages,
    postings.pages,
    account.pages,
    account.signed_in,
)
