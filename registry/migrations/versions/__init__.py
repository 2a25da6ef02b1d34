"""Revisions of the registry's schema, dated; see web/migrations.py."""
