"""Lists for screens: the inbox in the order of due dates, page by page, and where an instance stands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from engine import instances, queries, tasks
from engine.errors import Missing
from tests import diagrams as d
from tests.factories_engine import MORNING, House

DUE = '<zeebe:taskSchedule dueDate="=due"/>'
DIAGRAM = d.process(
    "p",
    d.start(),
    d.user("write", groups="agents, leaders", label="Write the report").replace(
        "<zeebe:assignmentDefinition", f"{DUE}<zeebe:assignmentDefinition"
    ),
    d.end(),
    flows="start write end",
)
ANA = {"person": "ana", "groups": frozenset({"agents", "leaders"})}


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    made.deploy(DIAGRAM)
    yield made
    made.close()


def _start(house: House, days: int | None, key: str | None = None) -> str:
    due = (MORNING + timedelta(days=days)).isoformat() if days is not None else None
    return house.start(variables={"due": due}, business_key=key)


def _inbox(house: House, shelf: queries.Shelf, **facts: object) -> queries.Inbox:
    found = house.do(queries.inbox, shelf, **{**ANA, **facts})
    assert isinstance(found, queries.Inbox)
    return found


def test_free_tasks_come_in_the_order_of_their_due_dates_those_without_last(house: House) -> None:
    made = {_start(house, days): days for days in (3, None, 1, 2)}
    found = [made[row.instance_id] for row in _inbox(house, "team").rows]
    assert found == [1, 2, 3, None]


def test_a_task_offered_to_two_of_my_groups_is_listed_once(house: House) -> None:
    _start(house, 1)
    assert (_inbox(house, "team").total, len(_inbox(house, "team").rows)) == (1, 1)
    assert _inbox(house, "team", groups=frozenset({"others"})).total == 0


def test_a_claimed_task_moves_from_the_teams_shelf_to_mine(house: House) -> None:
    _start(house, 1)
    house.do(tasks.claim, house.task("write"), actor="ana")
    assert _inbox(house, "team").total == 0
    assert [row.assignee for row in _inbox(house, "mine").rows] == ["ana"]
    assert _inbox(house, "mine", person="ben").total == 0


def test_late_tasks_are_mine_and_my_teams_past_their_due_date(house: House) -> None:
    for days in (1, 2, 9, None):
        _start(house, days)
    house.clock.advance(timedelta(days=3))
    house.do(tasks.claim, house.task("write"), actor="ana")
    assert _inbox(house, "late").total == 2
    assert house.do(queries.counts, **ANA) == {"mine": 1, "team": 3, "late": 2}


def test_pages_follow_one_another_without_gap_or_overlap(house: House) -> None:
    made = [_start(house, days) for days in range(1, 8)]
    pages = [_inbox(house, "team", page=page, size=3) for page in (1, 2, 3, 4)]
    assert [len(page.rows) for page in pages] == [3, 3, 1, 0]
    assert [row.instance_id for page in pages for row in page.rows] == made
    assert {(page.total, page.pages) for page in pages} == {(7, 3)}


def test_a_search_looks_into_names_and_business_keys_and_takes_signs_as_they_are(house: House) -> None:
    wanted = _start(house, 1, "key-1")
    _start(house, 2, "key-2")
    assert _inbox(house, "team", text="REPORT").total == 2
    assert _inbox(house, "team", text="100%").total == 0
    [row] = _inbox(house, "team", text="nothing", business_keys=["key-1"]).rows
    assert row.instance_id == wanted


def test_a_task_tells_its_facts(house: House) -> None:
    made = _start(house, 1, "key-1")
    task = house.do(queries.task, house.task("write"))
    assert (task.name, task.element, task.business_key) == ("Write the report", "write", "key-1")
    assert (task.candidate_groups, task.due_date) == (("agents", "leaders"), MORNING + timedelta(days=1))
    assert (task.instance_id, task.status, task.version) == (made, "open", 1)
    with pytest.raises(Missing):
        house.do(queries.task, "nothing")


def test_parts_tell_where_called_processes_stand(house: House) -> None:
    call = (
        '<bpmn:callActivity id="call"><bpmn:extensionElements><zeebe:calledElement processId="p"/>'
        "</bpmn:extensionElements></bpmn:callActivity>"
    )
    house.deploy(d.process("outer", d.start(), call, d.end(), flows="start call end"))
    made = house.start("outer", {"due": None})
    root, called = house.do(queries.parts, made)
    assert (root.process_id, root.active, root.done) == ("outer", {"call": 1}, {"start": 1})
    assert (called.process_id, called.active, called.parent_id) == ("p", {"write": 1}, made)
    house.complete("write")
    root, called = house.do(queries.parts, made)
    assert (root.status, called.status, called.done["write"]) == ("completed", "completed", 1)
    with pytest.raises(Missing):
        house.do(queries.parts, "nothing")


def test_an_outline_reads_like_the_flows(house: House) -> None:
    [row] = house.do(queries.definitions)
    assert house.do(queries.outline, row.id) == [
        ("start", "start_event", "start"),
        ("write", "user_task", "Write the report"),
        ("end", "end_event", "end"),
    ]


def test_the_newest_instance_of_a_business_key_is_found(house: House) -> None:
    made = _start(house, 1, "key-1")
    assert house.do(queries.instance_of, "key-1") == made
    assert house.do(queries.instance_of, "key-1", "other") is None


def test_an_instance_that_ended_has_nothing_open(house: House) -> None:
    made = _start(house, 1)
    house.do(instances.cancel, made, "done elsewhere")
    assert house.do(queries.open_tasks_of, made) == []
    assert house.do(queries.due_timers, made) == []
    assert _inbox(house, "team").total == 0
