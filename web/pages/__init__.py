"""The pages: one module a noun, one short function a view. See web/README.md."""

from __future__ import annotations

from flask import Blueprint

from web.pages import ask, follow, language, sign_in

BLUEPRINTS: tuple[Blueprint, ...] = (ask.pages, follow.pages, sign_in.pages, language.pages)
