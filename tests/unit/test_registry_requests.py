from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from registry import checks, queries, requests, rows, rules
from registry.errors import Missing
from registry.tables.requests import Request, RequestEvent
from tests import factories

WHO = {"at": factories.NOW, "by": factories.BY}


@pytest.fixture
def session():
    with factories.memory() as session:
        yield session


def to_status(session, status, **facts):
    """Bring a new request to a status by the shortest way."""
    request = factories.request(session, **facts)
    steps = {
        "registered": [],
        "qualified": ["qualify"],
        "accepted": ["accept"],
        "in_progress": ["accept", "start"],
        "answered": ["accept", "answer"],
        "closed": ["accept", "answer", "close"],
        "refused": ["refuse"],
        "duplicate": ["attach"],
        "reopened": ["accept", "answer", "reopen"],
    }
    for verb in steps[status]:
        call(session, verb, request)
    return request


def call(session, verb, request):
    words = {
        "refuse": {"reason": "hors compétence"},
        "reopen": {"reason": "pas réparé"},
        "withdraw": {"reason": "erreur"},
        "answer": {"text": "C'est fait."},
        "attach": {"duplicate_of": factories.request(session).id} if verb == "attach" else {},
    }
    return getattr(requests, verb)(session, request.id, **words.get(verb, {}), **WHO)


def test_a_request_gets_a_reference_of_its_year_and_a_secret_token(session):
    first, second = factories.request(session), factories.request(session)
    assert (first.reference, second.reference) == ("2026-000001", "2026-000002")
    assert len(first.token) >= 32
    assert requests.by_token(session, first.token).id == first.id
    assert requests.by_reference(session, " 2026-000002 ").id == second.id


def test_the_year_of_a_reference_is_the_local_one(session):
    new_year_in_paris = factories.NOW.replace(month=12, day=31, hour=23, minute=30)
    assert factories.request(session, at=new_year_in_paris).reference == "2027-000001"


def test_a_repeated_step_meets_its_own_request(session):
    entity = factories.entity(session)
    first = factories.request(session, entity_id=entity.id, id="step-1")
    again = factories.request(session, entity_id=entity.id, id="step-1")
    assert again is first
    with pytest.raises(rows.DifferentFacts):
        factories.request(session, entity_id=entity.id, channel="phone", id="step-1")
    assert session.scalar(sa.select(sa.func.count()).select_from(Request)) == 1


def test_a_request_takes_the_place_of_its_asset(session):
    town = factories.town(session)
    request = factories.request(session, asset_id=town.school.id)
    assert (request.longitude, request.latitude) == (3.87, 43.61)


@pytest.mark.parametrize(
    "facts", [{"title": "  "}, {"channel": "pigeon"}, {"longitude": 3.0}, {"requester_email": "x"}]
)
def test_facts_that_do_not_fit_are_refused(session, facts):
    with pytest.raises(rules.Unfit):
        factories.request(session, **facts)


def test_links_to_nothing_are_refused(session):
    for link in ({"nature_code": "NONE"}, {"asset_id": "none"}, {"entity_id": "none"}):
        with pytest.raises(Missing):
            factories.request(session, **link)


def test_qualifying_fills_what_is_open_from_the_nature(session):
    town = factories.town(session)
    request = factories.request(session, nature_code=town.nature.code)
    requests.qualify(session, request.id, priority=3, **WHO)
    assert (request.priority, request.team_code) == (3, town.team.code)
    # Three working days after a Saturday: Wednesday at five in the afternoon, Paris time.
    assert request.due_at == datetime(2026, 11, 25, 16, tzinfo=UTC)
    facts = requests.timeline(session, request.id)[-1].facts
    assert facts["priority"] == {"before": None, "after": 3}


def test_danger_does_not_wait_for_monday(session):
    town = factories.town(session)
    request = factories.request(session, nature_code=town.nature.code)
    requests.qualify(session, request.id, priority=1, **WHO)
    assert request.due_at == factories.NOW + timedelta(hours=24)


def test_every_allowed_step_is_taken_and_every_other_refused(session):
    for verb, allowed in requests.TRANSITIONS.items():
        for status in (
            "registered",
            "qualified",
            "accepted",
            "in_progress",
            "answered",
            "closed",
            "refused",
            "duplicate",
            "reopened",
        ):
            request = to_status(session, status)
            if status in allowed:
                assert call(session, verb, request).status == allowed[status]
            else:
                with pytest.raises(rules.WrongState) as refusal:
                    call(session, verb, request)
                assert refusal.value.status == status
                assert request.status == status
    assert checks.run(session) == []


def test_a_refused_verb_leaves_the_row_as_it_was(session):
    request = to_status(session, "accepted")
    with pytest.raises(rules.WrongState):
        requests.close(session, request.id, **WHO)
    session.flush()
    session.refresh(request)
    assert (request.outcome, request.closed_at, request.version) == (None, None, 2)


@pytest.mark.parametrize(
    ("status", "outcome"), [("answered", "done"), ("refused", "refused"), ("duplicate", "duplicate")]
)
def test_the_outcome_of_a_closed_request_says_how_it_ended(session, status, outcome):
    request = to_status(session, status)
    requests.close(session, request.id, **WHO)
    assert (request.outcome, request.closed_at) == (outcome, factories.NOW)
    requests.reopen(session, request.id, reason="pas réparé", **WHO)
    assert (request.outcome, request.closed_at, request.duplicate_of_id) == (None, None, None)


def test_a_refusal_without_reason_is_refused(session):
    request = factories.request(session)
    with pytest.raises(rules.Unfit):
        requests.refuse(session, request.id, reason=" ", **WHO)
    assert request.status == "registered"


def test_a_request_attached_to_an_attached_one_goes_to_the_first(session):
    first, second, third = (factories.request(session) for _ in range(3))
    requests.attach(session, second.id, duplicate_of=first.id, **WHO)
    requests.attach(session, third.id, duplicate_of=second.id, **WHO)
    assert [request.id for request in requests.attached_to(session, first.id)] == [second.id, third.id]


def test_requests_follow_the_one_they_repeat_to_another(session):
    first, second, third = (factories.request(session) for _ in range(3))
    requests.attach(session, third.id, duplicate_of=second.id, **WHO)
    requests.attach(session, second.id, duplicate_of=first.id, **WHO)
    assert third.duplicate_of_id == first.id
    assert checks.run(session) == []


def test_two_requests_never_repeat_one_another(session):
    first, second = factories.request(session), factories.request(session)
    requests.attach(session, second.id, duplicate_of=first.id, **WHO)
    for other in (first.id, second.id):
        with pytest.raises(rules.Cycle):
            requests.attach(session, first.id, duplicate_of=other, **WHO)


def test_the_requester_reads_the_public_part_of_the_timeline(session):
    request = factories.request(session)
    requests.note(session, request.id, text="Voir avec le chef", **WHO)
    requests.note(session, request.id, text="Une pièce est commandée", public=True, **WHO)
    public = [event.text for event in requests.timeline(session, request.id, public=True)]
    assert public == ["", "Une pièce est commandée"]
    assert len(queries.request_timeline(session, request.id)) == 3


def test_a_change_made_from_an_old_reading_is_refused(session):
    request = factories.request(session)
    requests.qualify(session, request.id, priority=2, version=1, **WHO)
    with pytest.raises(rules.Stale):
        requests.qualify(session, request.id, priority=3, version=1, **WHO)


def test_who_asked_can_be_erased_and_what_was_asked_stays(session):
    request = factories.request(session, requester_name="Zoé Petit", requester_email="zoe@mail.example")
    assert queries.requests_page(session, entity_ids=None, text="zoe").total == 1
    requests.erase_requester(session, request.id, **WHO)
    assert (request.requester_name, request.requester_email) == ("personne effacée", None)
    assert queries.requests_page(session, entity_ids=None, text="zoe").total == 0
    assert queries.requests_page(session, entity_ids=None, text="fuite").total == 1


def test_a_person_is_erased_from_every_request(session):
    person = factories.person(session)
    asked = [
        factories.request(session, requester_person_id=person.id, requester_name="Zoé") for _ in range(2)
    ]
    assert requests.erase_person(session, person.id, **WHO) == 2
    assert {request.requester_name for request in asked} == {"personne effacée"}
    assert {request.requester_person_id for request in asked} == {None}


def test_late_requests_are_open_and_were_due(session):
    town = factories.town(session)
    late = factories.request(session, nature_code=town.nature.code)
    requests.qualify(session, late.id, **WHO)
    factories.request(session)
    tomorrow = factories.NOW + timedelta(days=5)
    found = queries.requests_page(session, entity_ids=None, late_at=tomorrow)
    assert [row.id for row in found.rows] == [late.id]
    assert queries.requests_page(session, entity_ids=[], late_at=tomorrow).total == 0
    assert queries.requests_by_status(session, entity_ids=None) == {"qualified": 1, "registered": 1}


def test_an_audit_finds_a_status_that_no_verb_set(session):
    request = to_status(session, "accepted")
    session.execute(sa.update(Request).values(status="answered"))
    assert [finding.code for finding in checks.run(session)] == ["request_end"]
    session.execute(sa.update(RequestEvent).where(RequestEvent.number == 2).values(status_after="answered"))
    assert [finding.code for finding in checks.run(session)] == ["request_path"]
    assert request.reference


def test_the_database_itself_refuses_a_closed_request_without_outcome(session):
    factories.request(session)
    with pytest.raises(sa.exc.IntegrityError):
        session.execute(sa.update(Request).values(status="closed", closed_at=factories.NOW))
