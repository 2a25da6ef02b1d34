"""The invariants of the registry, proved again from the rows: one module for each floor of nouns.

Comes in: a session that may read everything. Goes out: checks for ``registry/checks.py``. It never repairs. Next:
``registry/proofs/finding.py``.
"""
