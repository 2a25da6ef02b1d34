"""Revisions of the engine's schema, dated; see web/migrations.py."""
