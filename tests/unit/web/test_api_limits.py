"""Requests with one token are counted. Apart from the other doors: the limiter is one for the whole process."""

from __future__ import annotations

from pathlib import Path

from tests.api_house import program
from tests.web_house import opened


def test_too_many_requests_are_refused_for_one_token_and_not_for_another(tmp_path: Path) -> None:
    with opened(tmp_path, guarded=True, api_limit="3 per year") as web:
        one, other = program(web, "read"), program(web, "read")
        statuses = [one.get("/processes").status_code for _ in range(3)]
        answer = one.get("/incidents")
        assert statuses == [200, 200, 200]
        assert answer.status_code == 429
        assert answer.json["error"]["code"] == "too_many"
        assert int(answer.headers["Retry-After"]) > 0
        assert other.get("/processes").status_code == 200
