"""User tasks: claimed by one, released, completed once, and refused with the facts."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from engine import instances, tasks
from engine.errors import Missing, NotWaiting, Refused, Stale, TaskTaken
from engine.tables import TaskCandidate, TaskDraft, UserTask
from tests import diagrams as d
from tests.factories_engine import House

DIAGRAM = d.process(
    "p",
    d.start(),
    d.user("write", groups="agents, leaders"),
    d.user("check"),
    d.end(),
    flows="start write check end",
)


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    made.deploy(DIAGRAM)
    made.instance = made.start(variables={"asked": True})  # type: ignore[attr-defined]
    yield made
    made.close()


def _row(house: House, task_id: str) -> UserTask:
    with house.engine.read() as reading:
        return reading.session.get_one(UserTask, task_id)


def test_a_task_is_offered_to_its_groups(house: House) -> None:
    assert sorted(house.column(sa.select(TaskCandidate.name))) == ["agents", "leaders"]
    assert _row(house, house.task("write")).assignee is None


def test_claiming_makes_the_actor_the_assignee_and_grows_the_version(house: House) -> None:
    task = house.task("write")
    house.do(tasks.claim, task, actor="ben")
    house.do(tasks.claim, task, actor="ben")
    assert (_row(house, task).assignee, _row(house, task).version) == ("ben", 2)


def test_a_claimed_task_cannot_be_claimed_released_or_completed_by_another(house: House) -> None:
    task = house.task("write")
    house.do(tasks.claim, task, actor="ben")
    before = house.everything()
    for verb in (tasks.claim, tasks.release, tasks.complete):
        with pytest.raises(TaskTaken) as refusal:
            house.do(verb, task, actor="eva")
        assert (refusal.value.task_id, refusal.value.assignee) == (task, "ben")
    assert house.everything() == before


def test_a_released_task_can_be_claimed_by_another(house: House) -> None:
    task = house.task("write")
    house.do(tasks.claim, task, actor="ben")
    house.do(tasks.release, task, actor="ben")
    house.do(tasks.release, task, actor="eva")
    house.do(tasks.claim, task, actor="eva")
    assert (_row(house, task).assignee, _row(house, task).version) == ("eva", 4)


def test_a_task_can_be_given_to_somebody(house: House) -> None:
    task = house.task("write")
    house.do(tasks.assign, task, "eva")
    with pytest.raises(TaskTaken):
        house.do(tasks.complete, task, actor="ben")
    house.do(tasks.assign, task, None)
    house.do(tasks.complete, task, actor="ben")
    assert house.waiting() == ["check"]


def test_completing_moves_on_and_takes_the_task_from_the_inbox(house: House) -> None:
    task = house.task("write")
    house.do(tasks.complete, task, {"text": "done"}, actor="ben")
    row = _row(house, task)
    assert (row.status, row.ended_by, row.ended_at) == ("completed", "ben", house.clock.now())
    assert house.column(sa.select(TaskCandidate.task_id)) == [house.task("check")]
    assert house.variables(house.instance) == {"asked": True, "text": "done"}


def test_completing_twice_is_refused_with_who_did_it(house: House) -> None:
    task = house.task("write")
    house.do(tasks.complete, task, actor="ben")
    before = house.everything()
    with pytest.raises(NotWaiting, match="it is completed") as refusal:
        house.do(tasks.complete, task, {"text": "again"}, actor="eva")
    assert (refusal.value.status, refusal.value.ended_by) == ("completed", "ben")
    assert house.everything() == before


def test_completing_a_task_of_an_instance_that_has_ended_says_so(house: House) -> None:
    write = house.task("write")
    house.complete("write")
    house.complete("check")
    with pytest.raises(NotWaiting, match="Expected “write” to be open, but it is completed"):
        house.do(tasks.complete, write)


def test_a_form_shown_before_a_claim_is_stale(house: House) -> None:
    task = house.task("write")
    house.do(tasks.claim, task, actor="ben")
    house.do(tasks.release, task, actor="ben")
    before = house.everything()
    with pytest.raises(Stale) as refusal:
        house.do(tasks.complete, task, version=1, actor="eva")
    assert (refusal.value.shown, refusal.value.current) == (1, 3)
    assert house.everything() == before
    house.do(tasks.complete, task, version=3, actor="eva")
    assert house.waiting() == ["check"]


@pytest.mark.parametrize("task_id", ["", "nothing", "nothing.2", "nothing.x", "a.b.c"])
def test_a_task_that_never_was_is_missing(house: House, task_id: str) -> None:
    for verb in (tasks.claim, tasks.release, tasks.complete, tasks.variables_of):
        with pytest.raises(Missing, match="There is no task"):
            house.do(verb, task_id)


def test_a_token_that_is_no_task_is_missing_as_a_task(house: House) -> None:
    with pytest.raises(Missing):
        house.do(tasks.complete, f"{house.instance}.1")


def test_a_task_of_a_cancelled_instance_is_no_longer_needed(house: House) -> None:
    task = house.task("write")
    house.do(instances.cancel, house.instance, "asked twice")
    with pytest.raises(NotWaiting, match="no longer needed"):
        house.do(tasks.complete, task)
    assert _row(house, task).status == "cancelled"
    assert house.count(TaskCandidate) == 0


def test_answers_that_are_too_large_leave_everything_as_it_was(house: House) -> None:
    task = house.task("write")
    before = house.everything()
    with pytest.raises(Refused, match="at most 1000000 characters") as refusal:
        house.do(tasks.complete, task, {"text": "x" * 1_000_001})
    assert refusal.value.size > 1_000_000
    assert house.everything() == before


def test_a_draft_is_kept_for_its_author_until_the_task_is_over(house: House) -> None:
    task = house.task("write")
    house.do(tasks.save_draft, task, {"text": "half"}, actor="ben")
    house.do(tasks.save_draft, task, {"text": "half a sentence"}, actor="ben")
    with house.engine.read() as reading:
        assert tasks.draft(reading, task, "ben") == {"text": "half a sentence"}
        assert tasks.draft(reading, task, "eva") is None
    assert house.do(tasks.forget_drafts) == 0
    assert house.do(tasks.complete, task, actor="eva")
    assert house.do(tasks.forget_drafts) == 0
    house.clock.advance(tasks.DENIABLE)
    assert house.do(tasks.forget_drafts) == 1
    assert house.count(TaskDraft) == 0
    with pytest.raises(NotWaiting):
        house.do(tasks.save_draft, task, {"text": "too late"}, actor="ben")


def test_a_task_shows_what_it_can_see(house: House) -> None:
    assert house.do(tasks.variables_of, house.task("write")) == {"asked": True}
