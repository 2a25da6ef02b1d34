from datetime import timedelta

import pytest

from registry import requests
from tests import factories

WHO = {"at": factories.NOW, "by": factories.BY}
METRE_NORTH = 1 / 111_195


@pytest.fixture
def session():
    with factories.memory() as session:
        yield session


@pytest.fixture
def town(session):
    return factories.town(session)


def ask(session, town, **facts):
    return factories.request(session, entity_id=town.entity.id, **facts)


def found(session, request):
    return requests.find_duplicates(session, request.id, at=factories.NOW)


def test_the_same_asset_nature_and_words_make_a_sure_duplicate(session, town):
    same = {"asset_id": town.school.id, "nature_code": town.nature.code, "title": "Fuite d'eau au préau"}
    earlier = ask(session, town, **same)
    (candidate,) = found(session, ask(session, town, **same))
    assert (candidate.request_id, candidate.score) == (earlier.id, 1.0)
    codes = [reason.code for reason in candidate.reasons]
    assert codes == ["same_asset", "same_nature", "same_words", "recent"]
    assert sum(reason.points for reason in candidate.reasons) == pytest.approx(candidate.score)


def test_the_nearer_the_likelier_and_beyond_fifty_metres_no_more(session, town):
    def place(metres):
        return {"longitude": 3.9, "latitude": 43.6 + metres * METRE_NORTH, "nature_code": town.nature.code}

    near, far, away = (ask(session, town, **place(metres)) for metres in (5, 45, 55))
    candidates = found(session, ask(session, town, **place(0)))
    assert [candidate.request_id for candidate in candidates] == [near.id, far.id]
    assert candidates[0].score > candidates[1].score
    assert away.id not in {candidate.request_id for candidate in candidates}


def test_a_sibling_nature_counts_less_than_the_same(session, town):
    factories.nature(session, code="BAT")
    pipes = factories.nature(session, code="BAT.P", parent_code="BAT")
    heating = factories.nature(session, code="BAT.C", parent_code="BAT")
    for nature in (pipes, heating):
        ask(session, town, asset_id=town.school.id, nature_code=nature.code)
    candidates = found(session, ask(session, town, asset_id=town.school.id, nature_code=pipes.code))
    natures = [
        reason.code for candidate in candidates for reason in candidate.reasons if "nature" in reason.code
    ]
    assert natures == ["same_nature", "related_nature"]


def test_closed_old_and_later_requests_are_no_candidates(session, town):
    here = {"asset_id": town.school.id, "nature_code": town.nature.code}
    refused = ask(session, town, **here)
    requests.refuse(session, refused.id, reason="non", **WHO)
    ask(session, town, **here, at=factories.NOW - timedelta(days=61))
    request = ask(session, town, **here)
    ask(session, town, **here, at=factories.NOW + timedelta(hours=1))
    assert found(session, request) == []


def test_words_alone_make_no_duplicate(session, town):
    ask(session, town, title="Fuite d'eau", nature_code=town.nature.code)
    assert found(session, ask(session, town, title="Fuite d'eau", nature_code=town.nature.code)) == []
