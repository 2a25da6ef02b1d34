"""Rights are decided in one place; every route × every role is written down and tried."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from tests.web_house import WebHouse, opened
from web import security
from web.security import ACTIONS, ROLES, Visitor, can, scope

STAFF = set(ROLES) - {"contractor"}


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WebHouse]:
    with opened(tmp_path_factory.mktemp("house")) as house:
        yield house


def person(*grants: tuple[str, str | None]) -> Visitor:
    return Visitor("p", "Ana", "ana@ville.example", "fr", "e1", frozenset(grants))


# Who may open each room. A new route must be added here: the test below compares with the application.
OPEN_TO: dict[str, set[str]] = {
    "public": {"everybody"},
    "home.read": set(ROLES),
    "account.own": set(ROLES),
    "session.end": {"admin"},
    "inbox.read": set(ROLES),
    "task.work": set(ROLES),
    "request.read": STAFF,
    "request.search": STAFF,
    "order.read": STAFF,
    "order.own": {"contractor"},
    "file.read": set(ROLES),
    "asset.read": STAFF,
    "stock.read": {"storekeeper", "leader", "agent", "manager", "accountant", "admin"},
    "stock.change": {"storekeeper"},
    "posting.read": {"accountant", "manager", "admin"},
    "posting.decide": {"accountant"},
    "posting.export": {"accountant", "manager"},
    "process.read": {"owner", "manager", "admin", "operator", "leader"},
    "process.operate": {"owner", "admin"},
    # The rooms of the API: tests/unit/web/test_api_doors.py tries each with every scope.
    **{f"api.{scope}": set() for scope in ("read", "jobs", "processes", "messages", "tasks")},
    "api.feel": {"owner"},
}


def test_the_table_of_rights_is_the_one_agreed() -> None:
    assert {
        action: set(roles) if roles is not security.PUBLIC else {"everybody"}
        for action, roles in ACTIONS.items()
    } == OPEN_TO


@pytest.mark.parametrize("role", ROLES)
def test_each_route_opens_to_the_roles_of_its_action_and_to_no_other(web: WebHouse, role: str) -> None:
    firm = role == "contractor"
    client = web.signed_in(supplier_id=web.town.supplier.id) if firm else web.signed_in(role)
    wrong = []
    for rule in sorted(web.app.url_map.iter_rules(), key=lambda one: one.endpoint == "account.end_all"):
        action = security.action_of(web.app, rule.endpoint)
        assert action is not None, rule.rule
        if action == "public":
            continue
        address = re.sub(r"<[^>]+>", "00000000-0000-0000-0000-000000000000", rule.rule)
        method = "POST" if "POST" in (rule.methods or ()) else "GET"
        status = client.open(address, method=method).status_code
        assert status < 500, f"{method} {rule.rule} answers {status}"
        refused = status == 403
        if refused == (role in ACTIONS[action]):
            wrong.append((method, rule.rule, action, "refused" if refused else "open"))
    assert wrong == []


def test_nobody_enters_without_signing_in(web: WebHouse) -> None:
    client = web.visitor()
    inside = []
    for rule in web.app.url_map.iter_rules():
        if security.action_of(web.app, rule.endpoint) == "public" or rule.rule.startswith("/api/"):
            continue
        address = re.sub(r"<[^>]+>", "x", rule.rule)
        answer = client.open(address, method="POST" if "POST" in (rule.methods or ()) else "GET")
        if answer.status_code != 302 or not answer.location.startswith("/sign-in"):
            inside.append(rule.rule)
    assert inside == []


def test_somebody_without_any_role_sees_nothing_of_the_house(web: WebHouse) -> None:
    assert web.signed_in().get("/requests/").status_code == 403


def test_a_role_in_one_entity_ends_at_its_border() -> None:
    ana = person(("accountant", "e1"))
    assert can(ana, "posting.decide", "e1")
    assert not can(ana, "posting.decide", "e2")
    assert scope(ana, "posting.read") == {"e1"}


def test_a_role_everywhere_knows_no_border() -> None:
    ana = person(("manager", None), ("agent", "e1"))
    assert can(ana, "posting.read", "e2")
    assert scope(ana, "posting.read") is None
    assert scope(ana, "asset.read") is None


def test_another_role_in_the_entity_does_not_help() -> None:
    ana = person(("accountant", "e1"), ("storekeeper", "e2"))
    assert not can(ana, "posting.decide", "e2")


def test_a_route_without_an_action_keeps_the_application_from_starting() -> None:
    app = Flask("test")
    app.add_url_rule("/open", "open", lambda: "open")
    with pytest.raises(RuntimeError, match="/open"):
        security.check_routes(app)


def test_every_answer_carries_the_policy(web: WebHouse) -> None:
    headers = web.visitor().get("/").headers
    policy = headers["Content-Security-Policy"]
    assert "script-src 'self'" in policy
    assert "unsafe" not in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cache-Control"] == "private, no-cache"


def test_no_page_holds_inline_scripts_styles_or_handlers(web: WebHouse) -> None:
    client = web.signed_in(*STAFF)
    found = []
    for address in (
        "/",
        "/sign-in",
        "/home",
        "/inbox",
        "/requests/",
        "/orders/",
        "/assets/",
        "/stock/",
        "/postings/",
    ):
        page = client.get(address, follow_redirects=True).text
        found += re.findall(
            r"<script(?![^>]*\bsrc=)[^>]*>|<style|\sstyle=|\son[a-z]+=|https?://(?!127\.0\.0\.1|www\.w3\.org)[^\"' ]+",
            page,
        )
    assert found == []


def test_a_form_from_elsewhere_is_refused(tmp_path: Path) -> None:
    with opened(tmp_path, guarded=True) as web:
        answer = web.visitor().post("/sign-in", data={"email": "a@b.example", "password": "x"})
    assert answer.status_code == 400


def test_every_form_that_changes_something_carries_a_token(web: WebHouse) -> None:
    client = web.signed_in(*STAFF)
    for address in ("/", "/home", "/sign-in", "/inbox"):
        page = client.get(address, follow_redirects=True).text
        forms = re.findall(r'<form[^>]*method="post".*?</form>', page, re.DOTALL)
        assert all('name="csrf_token"' in form for form in forms)


def test_browser_files_are_kept_for_a_year_and_pages_are_not(web: WebHouse) -> None:
    client = web.visitor()
    style = re.search(r'href="(/static/dist/app-[^"]+\.css)"', client.get("/").text)
    assert style is not None
    answer = client.get(style[1], headers={"Accept-Encoding": "br"}, buffered=True)
    assert answer.headers["Content-Encoding"] == "br"
    assert "immutable" in answer.headers["Cache-Control"]
    again = client.get(style[1], headers={"If-None-Match": answer.headers["ETag"]}, buffered=True)
    assert again.status_code == 304
