"""The pages: one module a noun, one short function a view. See web/README.md."""

from __future__ import annotations

from flask import Blueprint

from web.pages import language, sign_in

BLUEPRINTS: tuple[Blueprint, ...] = (sign_in.pages, language.pages)
