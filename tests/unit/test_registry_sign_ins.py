"""Open sessions: found by their key alone, ended one by one or together, on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from registry import changes, people, queries, rules, sign_ins
from registry.tables.sign_ins import SignIn
from tests import databases, factories
from tests.factories import BY, NOW

HOUR = timedelta(hours=1)
LIFE = 12 * HOUR
WHO = {"at": NOW, "by": BY}


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def session(request: pytest.FixtureRequest) -> Iterator[Session]:
    if request.param == "sqlite":
        with factories.session_on(factories.database()) as session:
            yield session
        return
    with databases.scratch() as url, factories.session_on(factories.database(url)) as session:
        yield session


def begin(session: Session, person_id: str, browser: str = "Firefox, Linux") -> str:
    return sign_ins.begin(session, person_id=person_id, browser=browser, life=LIFE, at=NOW)


def somebody(session: Session, **facts: object) -> str:
    return factories.person(session, factories.entity(session).id, **facts).id


def test_a_session_is_found_by_its_key_and_by_no_other(session: Session) -> None:
    person = somebody(session)
    key = begin(session, person)
    found = sign_ins.find(session, key, at=NOW)
    assert found is not None
    assert found[1].id == person
    assert sign_ins.find(session, key[:-1], at=NOW) is None
    assert sign_ins.find(session, found[0].id, at=NOW) is None


def test_the_key_stands_nowhere_in_the_database(session: Session) -> None:
    key = begin(session, somebody(session))
    [row] = session.execute(sa.select(SignIn.__table__)).mappings()
    assert key not in {str(value) for value in row.values()}


def test_a_session_ends_when_nobody_uses_it_and_goes_on_when_somebody_does(session: Session) -> None:
    key = begin(session, somebody(session))
    row = session.scalars(sa.select(SignIn)).one()
    assert sign_ins.find(session, key, at=NOW + 11 * HOUR) is not None
    assert sign_ins.find(session, key, at=NOW + 12 * HOUR) is None
    sign_ins.touch(session, row.id, life=LIFE, at=NOW + 11 * HOUR)
    assert sign_ins.find(session, key, at=NOW + 20 * HOUR) is not None


def test_one_session_ends_and_the_others_stay(session: Session) -> None:
    person = somebody(session)
    first, second = begin(session, person), begin(session, person)
    [row, _] = sorted(sign_ins.of_person(session, person, at=NOW), key=lambda one: one.id)
    assert sign_ins.end(session, row.id, person_id=person)
    assert not sign_ins.end(session, row.id, person_id=person)
    left = [key for key in (first, second) if sign_ins.find(session, key, at=NOW)]
    assert len(left) == 1


def test_nobody_ends_the_session_of_another_by_its_id(session: Session) -> None:
    entity = factories.entity(session).id
    ana, ben = (
        factories.person(session, entity, email=f"{name}@ville.example").id for name in ("ana", "ben")
    )
    key = begin(session, ana)
    [row] = sign_ins.of_person(session, ana, at=NOW)
    assert not sign_ins.end(session, row.id, person_id=ben)
    assert sign_ins.find(session, key, at=NOW) is not None


def test_a_session_that_was_ended_is_not_brought_back_by_a_page_under_way(session: Session) -> None:
    person = somebody(session)
    key = begin(session, person)
    [row] = sign_ins.of_person(session, person, at=NOW)
    sign_ins.end_all(session, person)
    sign_ins.touch(session, row.id, life=LIFE, at=NOW)
    assert sign_ins.find(session, key, at=NOW) is None


@pytest.mark.parametrize("how", ["deactivate", "erase", "password", "sign_out"])
def test_whatever_closes_an_account_ends_its_sessions(session: Session, how: str) -> None:
    person = somebody(session, email="ana@ville.example")
    key = begin(session, person)
    if how == "password":
        people.set_password_hash(session, person, "h", **WHO)
    else:
        getattr(people, how)(session, person, reason="left", **WHO)
    assert sign_ins.find(session, key, at=NOW) is None
    assert session.scalars(sa.select(SignIn.id)).all() == []


def test_a_closed_account_opens_again_without_its_sessions_and_both_are_written_down(
    session: Session,
) -> None:
    person = somebody(session, email="ana@ville.example")
    key = begin(session, person)
    people.deactivate(session, person, reason="on leave", **WHO)
    people.deactivate(session, person, reason="twice", **WHO)
    assert people.by_email(session, "ana@ville.example") is None
    people.reactivate(session, person, reason="back", **WHO)
    assert people.by_email(session, "ana@ville.example") is not None
    assert sign_ins.find(session, key, at=NOW) is None
    kinds = [one.kind for one in changes.of(session, "person", person)]
    assert kinds == ["deactivated", "reactivated"]


def test_an_erased_person_is_not_opened_again(session: Session) -> None:
    person = somebody(session)
    people.erase(session, person, reason="asked", **WHO)
    with pytest.raises(rules.WrongState):
        people.reactivate(session, person, reason="mistake", **WHO)


def test_what_ran_out_is_forgotten(session: Session) -> None:
    begin(session, somebody(session))
    assert sign_ins.forget(session, before=NOW + LIFE) == 0
    assert sign_ins.forget(session, before=NOW + LIFE + timedelta(seconds=1)) == 1


def test_who_is_signed_in_is_listed_once_by_entity_and_by_words(session: Session) -> None:
    here, there = (factories.entity(session, code=code).id for code in ("ICI", "LA"))
    ana = factories.person(session, here, name="Ana Petit", email="ana@ville.example").id
    ben = factories.person(session, there, name="Ben Grand", email="ben@ville.example").id
    for person in (ana, ana, ben):
        begin(session, person)

    def listed(**facts: object) -> list[tuple[str, int]]:
        page = queries.signed_in_page(session, **({"entity_ids": None, "at": NOW} | facts))
        assert page.total == len(page.rows)
        return sorted((row.name, row.sessions) for row in page.rows)

    assert listed() == [("Ana Petit", 2), ("Ben Grand", 1)]
    assert listed(entity_ids=[here]) == [("Ana Petit", 2)]
    assert listed(text="BEN@") == [("Ben Grand", 1)]
    assert listed(text="%") == []
    assert listed(at=NOW + LIFE) == []
