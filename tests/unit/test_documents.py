"""Documents: who brought what, when, and where it belongs."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from registry import documents, rows, rules
from registry.errors import Missing
from tests import databases, factories
from web import files

WHO = {"at": factories.NOW, "by": factories.BY}
FACTS = {"name": "avant.jpg", "media_type": "image/jpeg", "size_bytes": 3, "sha256": "a" * 64}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    if request.param == "sqlite":
        with factories.memory() as session:
            yield session
        return
    with databases.scratch() as url, factories.session_on(factories.database(url)) as session:
        yield session


def test_a_documents_row_says_who_when_and_where(session: Session) -> None:
    asked, order = factories.request(session), factories.order(session)
    first = documents.attach(session, ("request", asked.id), **FACTS, **WHO)
    later = {"at": factories.NOW + timedelta(minutes=1), "by": factories.BY}
    documents.attach(session, ("work_order", order.id), **(FACTS | {"name": "apres.jpg"}), **later)
    both = documents.of(session, [("request", asked.id), ("work_order", order.id)])
    assert [one.name for one in both] == ["avant.jpg", "apres.jpg"]
    assert (first.created_at, first.created_by) == (factories.NOW, factories.BY)
    assert documents.of(session, [("request", order.id)]) == []
    assert documents.of(session, []) == []


def test_an_upload_repeated_under_its_id_is_the_same_row_and_another_file_is_refused(
    session: Session,
) -> None:
    place: documents.Place = ("task", "i1.7")
    first = documents.attach(session, place, **FACTS, **WHO, id="d1")
    assert documents.attach(session, place, **FACTS, **WHO, id="d1") is first
    with pytest.raises(rows.DifferentFacts):
        documents.attach(session, place, **(FACTS | {"sha256": "b" * 64}), **WHO, id="d1")


def test_a_tasks_document_is_filed_once(session: Session) -> None:
    order, other = factories.order(session), factories.order(session)
    kept = documents.attach(session, ("task", "i1.7"), **FACTS, at=factories.NOW, by="p1")
    for _ in range(2):
        documents.file(session, kept.id, ("work_order", order.id), at=factories.NOW, by="p2")
    assert (kept.created_by, kept.filed_by, kept.row_id) == ("p1", "p2", order.id)
    with pytest.raises(rules.WrongState, match="belongs to a work_order"):
        documents.file(session, kept.id, ("work_order", other.id), **WHO)


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"sha256": "A" * 64}, rules.Unfit),
        ({"sha256": "../" + "a" * 61}, rules.Unfit),
        ({"size_bytes": 0}, rules.Unfit),
        ({"name": " "}, rules.Unfit),
    ],
)
def test_what_is_no_stored_file_is_refused(
    session: Session, change: dict[str, object], refusal: type[Exception]
) -> None:
    with pytest.raises(refusal):
        documents.attach(session, ("task", "i1.7"), **(FACTS | change), **WHO)  # type: ignore[arg-type]


def test_a_document_of_nothing_is_refused(session: Session) -> None:
    for noun in ("request", "work_order"):
        with pytest.raises(Missing):
            documents.attach(session, (noun, "nothing"), **FACTS, **WHO)  # type: ignore[arg-type]
    with pytest.raises(Missing):
        documents.get(session, "nothing")


def test_the_database_refuses_a_noun_it_does_not_know(session: Session) -> None:
    kept = documents.attach(session, ("task", "i1.7"), **FACTS, **WHO)
    with pytest.raises(sa.exc.IntegrityError):
        session.execute(sa.text("UPDATE document SET noun = 'posting' WHERE id = :id"), {"id": kept.id})


def upload(content: bytes, name: str | None = "a.jpg") -> FileStorage:
    return FileStorage(io.BytesIO(content), filename=name)


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\xff\xd8\xff\xe0" + b"0" * 20, "image/jpeg"),
        (b"RIFF0000WEBPVP8 ", "image/webp"),
        (b"RIFF0000AVI LIST", "application/octet-stream"),
        (b"%PDF-1.7", "application/pdf"),
        (b"<svg onload=alert(1)>", "application/octet-stream"),
    ],
)
def test_the_first_bytes_say_what_a_file_is(tmp_path: Path, content: bytes, kind: str) -> None:
    kept = files.keep(tmp_path, upload(content))
    assert kept == ("a.jpg", kind, len(content), hashlib.sha256(content).hexdigest())
    path = files.find(tmp_path, kept.sha256)
    assert path is not None
    assert path.read_bytes() == content


@pytest.mark.parametrize(
    ("given", "name"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\photos\\fuite.jpg", "fuite.jpg"),
        ("", "document"),
        ("a" * 300, "a" * 120),
    ],
)
def test_a_name_is_never_a_path(tmp_path: Path, given: str, name: str) -> None:
    kept = files.keep(tmp_path, upload(b"x", given))
    assert kept is not None
    assert kept.name == name


def test_an_empty_or_interrupted_upload_leaves_nothing(tmp_path: Path) -> None:
    assert files.keep(tmp_path, upload(b"")) is None

    class Broken(io.BytesIO):
        def read(self, *_size: object) -> bytes:
            raise OSError("the phone is gone")

    with pytest.raises(OSError, match="gone"):
        files.keep(tmp_path, FileStorage(Broken(), filename="a.jpg"))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("sha256", ["", "../secret.key", "a" * 64, "A" * 64, "a" * 63 + "/"])
def test_what_is_no_hash_of_ours_is_not_found(tmp_path: Path, sha256: str) -> None:
    assert files.find(tmp_path, sha256) is None
