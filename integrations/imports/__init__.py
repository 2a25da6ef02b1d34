"""Imports: other people's files become rows of the registry, each row accounted for.

Comes in: files and profiles. Goes out: rows of the registry, and a report that adds up. It never fetches anything from
the network. Next: ``integrations/imports/assets.py``.
"""
