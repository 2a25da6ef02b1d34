"""The API for programs, under ``/api/v1``.

Comes in: JSON with a token. Goes out: JSON, errors in one shape, and the OpenAPI document of itself. It never answers a
page. Next: ``doors.py``, ``README.md``; ``blueprint.py`` puts the rooms together.
"""
