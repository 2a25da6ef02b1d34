"""Asking without an account and following by the link: short, forgiving, and closed to the curious."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from registry import assets, documents, queries, requests
from registry.tables.documents import Document
from tests import factories_processes
from tests.factories_processes import Town
from web import files
from web.app import create_app
from web.security import limiter
from web.settings import Settings

JPEG = b"\xff\xd8\xff\xe0" + b"0" * 40


@pytest.fixture
def town() -> Iterator[Town]:
    limiter.enabled = False
    with factories_processes.opened() as opened:
        yield opened
    limiter.enabled = True


@pytest.fixture
def client(town: Town, tmp_path: Path) -> FlaskClient:
    app = create_app(replace(Settings(home=tmp_path)), town.house)
    app.config["WTF_CSRF_ENABLED"] = False
    return app.test_client()


def asked(town: Town) -> queries.RequestRow:
    with town.house.read() as reading:
        return queries.requests_page(reading.session, entity_ids=None).rows[0]


def test_three_fields_are_enough(client: FlaskClient, town: Town) -> None:
    answer = client.post("/", data={"description": "Lampe cassée\nDepuis hier", "address": "2 rue Haute"})
    assert answer.status_code == 302
    row = asked(town)
    assert (row.title, row.channel, row.requester_name, row.address) == (
        "Lampe cassée",
        "portal",
        None,
        "2 rue Haute",
    )
    assert "2026-000001" in client.get(answer.location).text


def test_what_is_missing_is_named_and_what_was_typed_stays(client: FlaskClient) -> None:
    page = client.post("/", data={"description": "", "name": "Ana", "email": "ana"})
    assert page.status_code == 422
    assert 'href="#description"' in page.text
    assert 'href="#q"' in page.text
    assert 'href="#email"' in page.text
    assert 'value="Ana"' in page.text


def test_a_place_is_found_by_the_beginning_of_its_words(client: FlaskClient) -> None:
    assert "École des Tilleuls" in client.get("/?q=till").text
    assert "École des Tilleuls" not in client.get("/?q=platane").text


def test_a_chosen_place_survives_a_correction(client: FlaskClient, town: Town) -> None:
    page = client.post("/", data={"description": "", "asset_id": town.ids["school"]}).text
    assert f'name="asset_id" value="{town.ids["school"]}" checked' in page


def test_an_asset_that_does_not_exist_is_not_chosen(client: FlaskClient) -> None:
    assert client.get("/?asset_id=nothing").status_code == 200
    assert client.post("/", data={"description": "Lampe cassée", "asset_id": "nothing"}).status_code == 422


def test_the_code_on_an_asset_opens_its_form(client: FlaskClient, town: Town) -> None:
    with town.house.read() as reading:
        token = assets.get(reading.session, town.ids["school"]).qr_token
    form = client.get(f"/q/{token}", follow_redirects=True)
    assert "École des Tilleuls" in form.text
    client.post("/?channel=qr", data={"description": "Porte cassée", "asset_id": town.ids["school"]})
    assert asked(town).channel == "qr"


def test_an_unknown_code_is_not_found(client: FlaskClient) -> None:
    assert client.get("/q/unknown").status_code == 404


def papers(town: Town) -> list[Document]:
    """Return the documents of the one request, as rows that outlive the reading."""
    request_id = asked(town).id
    with town.house.read() as reading:
        found = list(documents.of(reading.session, [("request", request_id)]))
        reading.session.expunge_all()
        return found


def test_photos_are_kept_with_the_request(client: FlaskClient, town: Town, tmp_path: Path) -> None:
    photo = (io.BytesIO(JPEG), "photo.jpg")
    client.post(
        "/",
        data={"description": "Nid-de-poule", "address": "2 rue Haute", "photos": photo},
        content_type="multipart/form-data",
    )
    [kept] = papers(town)
    assert (kept.name, kept.media_type, kept.created_by) == ("photo.jpg", "image/jpeg", "system:portal")
    path = files.find(tmp_path / "files", kept.sha256)
    assert path is not None
    assert hashlib.sha256(path.read_bytes()).hexdigest() == kept.sha256
    assert len(list((tmp_path / "files").rglob("*"))) == 2


def test_a_program_that_calls_itself_a_photo_is_only_ever_downloaded(
    client: FlaskClient, town: Town, tmp_path: Path
) -> None:
    wolf = (io.BytesIO(b"<script>alert(1)</script>"), "photo.jpg")
    client.post(
        "/",
        data={"description": "Nid-de-poule", "address": "2 rue Haute", "photos": wolf},
        content_type="multipart/form-data",
    )
    assert [one.media_type for one in papers(town)] == ["application/octet-stream"]


def test_the_same_photo_twice_lies_once_on_the_disk(client: FlaskClient, town: Town, tmp_path: Path) -> None:
    photos = [
        (io.BytesIO(JPEG), "avant.jpg"),
        (io.BytesIO(JPEG), "../apres.jpg"),
        (io.BytesIO(b""), "vide.jpg"),
    ]
    client.post(
        "/",
        data={"description": "Nid-de-poule", "address": "2 rue Haute", "photos": photos},
        content_type="multipart/form-data",
    )
    assert {one.name for one in papers(town)} == {"avant.jpg", "apres.jpg"}
    assert len([one for one in (tmp_path / "files").rglob("*") if one.is_file()]) == 1


def test_what_is_too_large_is_refused(town: Town, tmp_path: Path) -> None:
    app = create_app(replace(Settings(home=tmp_path), upload_mb=1), town.house)
    app.config["WTF_CSRF_ENABLED"] = False
    body = (
        b"--x\r\nContent-Disposition: form-data; name=photos; filename=a.jpg\r\n\r\n"
        + JPEG
        + b"0" * 2_000_000
    )
    answer = app.test_client().post("/", data=body, content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 413
    assert "trop volumineux" in answer.text


def test_a_script_in_the_words_stays_words(client: FlaskClient, town: Town) -> None:
    client.post("/", data={"description": "<script>alert(1)</script>", "address": "2 rue Haute"})
    request_id = asked(town).id
    with town.house.read() as reading:
        token = requests.get(reading.session, request_id).token
    page = client.get(f"/f/{token}").text
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page


def answered(town: Town) -> str:
    """Bring a request to its answer and return the token of its link."""
    request_id = town.ask()
    town.plan()
    town.done("do_work", report="Joint remplacé", labour=[], parts=[], photos=[], finished=True)
    with town.house.read() as reading:
        return requests.get(reading.session, request_id).token


def test_the_link_tells_where_it_stands_and_not_who_worked(client: FlaskClient, town: Town) -> None:
    page = client.get(f"/f/{answered(town)}").text
    assert "Joint remplacé" in page
    assert "Agent Un" not in page
    assert "parent@exemple.example" not in page


def test_not_fixed_opens_the_request_again(client: FlaskClient, town: Town) -> None:
    token = answered(town)
    client.post(f"/f/{token}/not-fixed", data={"reason": "Il pleut toujours"})
    page = client.get(f"/f/{token}").text
    assert "Rouverte" in page
    assert "Il pleut toujours" in page


def test_not_fixed_needs_a_word_of_reason(client: FlaskClient, town: Town) -> None:
    token = answered(town)
    answer = client.post(f"/f/{token}/not-fixed", data={"reason": " "}, follow_redirects=True)
    assert "ce qui ne va toujours pas" in answer.text
    assert "Rouverte" not in answer.text


def test_a_request_that_is_not_answered_cannot_be_opened_again(client: FlaskClient, town: Town) -> None:
    request_id = town.ask()
    with town.house.read() as reading:
        token = requests.get(reading.session, request_id).token
    assert client.post(f"/f/{token}/not-fixed", data={"reason": "Encore"}).status_code == 409


def test_a_guessed_link_is_not_found(client: FlaskClient) -> None:
    assert client.get("/f/guess").status_code == 404


def test_a_flood_of_requests_is_held_back(town: Town, tmp_path: Path) -> None:
    limiter.enabled = True
    app = create_app(replace(Settings(home=tmp_path), ask_limit="2 per hour"), town.house)
    app.config["WTF_CSRF_ENABLED"] = False
    client = app.test_client()
    answers = [
        client.post("/", data={"description": "Lampe cassée", "address": "x"}).status_code for _ in range(3)
    ]
    limiter.reset()
    assert answers == [302, 302, 429]
