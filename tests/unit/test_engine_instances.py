"""Instances: started once per business key, cancelled, limited in size, told signals, remembered step by step."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from engine import instances, messages, operations, queries, tables
from engine.errors import KeyTaken, Missing, NotWaiting, Refused
from engine.store import Call, UnitOfWork
from tests import diagrams as d
from tests.factories_engine import House

SIMPLE = d.process("p", d.start(), d.user("write"), d.end(), flows="start write end")
WAITS = (tables.TaskCandidate, tables.Job, tables.Timer, tables.Subscription)


@pytest.fixture
def house() -> Iterator[House]:
    made = House()
    yield made
    made.close()


# ---------------------------------------------------------------------- start and business keys


def test_a_business_key_starts_one_instance_for_ever(house: House) -> None:
    house.deploy(SIMPLE)
    first = house.start(business_key="2026-000001")
    before = house.everything()
    with pytest.raises(KeyTaken, match="“2026-000001” to be new") as refusal:
        house.start(business_key="2026-000001")
    assert refusal.value.business_key == "2026-000001"
    assert house.everything() == before
    house.complete("write", first)
    with pytest.raises(KeyTaken):
        house.start(business_key="2026-000001")
    assert house.do(instances.by_business_key, "p", "2026-000001") == first
    assert house.do(instances.by_business_key, "p", "2026-000002") is None


def test_business_keys_are_unique_per_process_and_absent_ones_do_not_count(house: House) -> None:
    house.deploy(SIMPLE, SIMPLE.replace(b'"p"', b'"q"'))
    made = {
        house.start("p", business_key="1"),
        house.start("q", business_key="1"),
        house.start(),
        house.start(),
    }
    assert len(made) == 4


def test_a_transaction_goes_on_after_a_taken_key_and_its_handlers_have_done_nothing() -> None:
    called: list[str] = []

    def note(_unit: UnitOfWork, call: Call) -> dict[str, object]:
        called.append(call.step_id)
        return {}

    house = House(handlers={"note": note})
    house.deploy(d.process("p", d.start(), d.service("work", "note"), d.end(), flows="start work end"))
    first = house.start(business_key="1")
    with house.engine.begin("ana") as unit:
        with pytest.raises(KeyTaken):
            instances.start(unit, "p", business_key="1")
        second = instances.start(unit, "p", business_key="2")
    assert called == [f"{first}.3", f"{second}.3"]
    house.close()


def test_an_instance_that_ends_at_once_is_completed_with_and_without_a_key(house: House) -> None:
    house.deploy(d.process("p", d.start(), d.script("sum", "1 + 1", "two"), d.end(), flows="start sum end"))
    for key in (None, "1"):
        made = house.start(business_key=key)
        assert house.status(made) == "completed"
        assert house.variables(made) == {"two": 2}


def test_a_process_that_only_messages_start_cannot_be_started_plainly(house: House) -> None:
    house.deploy(
        d.process(
            "p", d.start("s", d.on_message("m")), d.end(), flows="s end", extra=d.message("m", "wanted")
        )
    )
    with pytest.raises(Refused, match="plain start event"):
        house.start()


def test_an_instance_that_never_was_is_missing(house: House) -> None:
    for verb, facts in (
        (instances.cancel, ("why",)),
        (instances.set_variables, ({},)),
        (instances.variables_of, ()),
    ):
        with pytest.raises(Missing, match="There is no instance nothing"):
            house.do(verb, "nothing", *facts)


def test_variables_beyond_the_limit_are_refused_at_the_start(house: House) -> None:
    house.deploy(SIMPLE)
    before = house.everything()
    with pytest.raises(Refused, match="at most 1000000"):
        house.start(variables={"text": "x" * 1_000_000})
    assert house.everything() == before


# ---------------------------------------------------------------------- cancel, suspend, variables


def test_cancelling_ends_every_wait_and_says_why(house: House) -> None:
    house.deploy(
        d.process(
            "p",
            d.start(),
            d.fork("split"),
            d.user("write"),
            d.boundary("late", "write", d.timer("PT1H")),
            d.service("job", "outside"),
            d.catch("paid", d.on_message("m")),
            flows="start split write; split job; split paid",
            extra=d.message("m", "paid", "=number"),
        )
    )
    made = house.start(variables={"number": "7"})
    assert all(house.count(table) == 1 for table in WAITS)
    house.do(instances.cancel, made, "asked twice", actor="boss")
    assert all(house.count(table) == 0 for table in WAITS)
    assert house.status(made) == "terminated"
    with house.engine.read() as reading:
        [line] = queries.history(reading, made, events=["cancelled"])
    assert (line.actor, line.data) == ("boss", {"reason": "asked twice"})
    before = house.everything()
    with pytest.raises(NotWaiting, match="it is terminated"):
        house.do(instances.cancel, made, "again")
    assert house.everything() == before


def test_a_suspended_instance_can_be_repaired_or_cancelled_but_not_moved(house: House) -> None:
    house.deploy(SIMPLE)
    made = house.start()
    house.do(operations.suspend, made, "wait for the council")
    with pytest.raises(NotWaiting, match="it is suspended"):
        house.complete("write")
    with pytest.raises(NotWaiting, match="it is suspended"):
        house.do(operations.suspend, made, "again")
    house.do(instances.set_variables, made, {"amount": 3})
    assert (house.status(made), house.variables(made)) == ("suspended", {"amount": 3})
    house.do(instances.cancel, made, "the council said no")
    assert house.status(made) == "terminated"
    with pytest.raises(NotWaiting):
        house.do(operations.resume, made)


def test_only_a_suspended_instance_is_resumed(house: House) -> None:
    house.deploy(SIMPLE)
    made = house.start()
    before = house.everything()
    with pytest.raises(NotWaiting, match="to be suspended, but it is active"):
        house.do(operations.resume, made)
    assert house.everything() == before


# ---------------------------------------------------------------------- signals


def _listening(process_id: str) -> bytes:
    return d.process(
        process_id,
        d.start(),
        d.catch("alarm", d.on_signal("s")),
        d.user("leave"),
        d.end(),
        flows="start alarm leave end",
        extra=d.signal("s", "fire"),
    )


SPEAKING = d.process(
    "shout",
    d.start(),
    d.throw("cry", d.on_signal("s")),
    d.user("rest"),
    flows="start cry rest",
    extra=d.signal("s", "fire"),
)


def test_a_signal_reaches_every_instance_that_waits_now(house: House) -> None:
    house.deploy(_listening("p"), _listening("q"), SPEAKING)
    heard = [house.start("p"), house.start("p"), house.start("q")]
    house.start("shout")
    assert [house.waiting(instance) for instance in heard] == [["leave"]] * 3
    assert house.waiting(house.start("p")) == []


def test_a_suspended_instance_does_not_hear_and_does_not_stop_the_speaker(house: House) -> None:
    house.deploy(_listening("p"), SPEAKING)
    deaf, hearing = house.start("p"), house.start("p")
    house.do(operations.suspend, deaf, "noise")
    house.start("shout")
    assert (house.waiting(deaf), house.waiting(hearing)) == ([], ["leave"])


def test_a_signal_starts_the_processes_that_begin_with_it(house: House) -> None:
    begun = d.process(
        "p", d.start("s0", d.on_signal("s")), d.user("leave"), flows="s0 leave", extra=d.signal("s", "fire")
    )
    house.deploy(begun, SPEAKING)
    house.start("shout")
    assert house.waiting() == ["leave", "rest"]
    assert house.do(instances.broadcast, "fire", {}) == 1
    assert house.waiting() == ["leave", "leave", "rest"]


def test_instances_that_answer_one_another_by_signals_come_to_rest(house: House) -> None:
    def answering(process_id: str, hears: str, says: str) -> bytes:
        return d.process(
            process_id,
            d.start(),
            d.catch("hear", d.on_signal("in")),
            d.throw("say", d.on_signal("out")),
            d.user(f"done_{process_id}"),
            flows=f"start hear say done_{process_id}",
            extra=d.signal("in", hears) + d.signal("out", says),
        )

    house.deploy(
        answering("a", "one", "two"), answering("b", "two", "three"), answering("c", "three", "four")
    )
    for process_id in ("c", "b", "a"):
        house.start(process_id)
    house.do(instances.broadcast, "one", {})
    assert house.waiting() == ["done_a", "done_b", "done_c"]


def test_signals_without_end_are_refused_and_change_nothing(house: House) -> None:
    echo = d.process(
        "p",
        d.start("s0", d.on_signal("s")),
        d.throw("again", d.on_signal("s")),
        flows="s0 again",
        extra=d.signal("s", "echo"),
    )
    house.deploy(echo)
    before = house.everything()
    with pytest.raises(Refused, match="without end"):
        house.do(instances.broadcast, "echo", {})
    assert house.everything() == before


# ---------------------------------------------------------------------- a handler speaks to its own instance


def test_a_handler_may_send_a_message_to_the_instance_it_works_for() -> None:
    def tell(unit: UnitOfWork, _call: Call) -> dict[str, object]:
        sent = messages.publish(unit, "ready", "7", {"by": "handler"})
        return {"reached": len(sent.correlated)}

    house = House(handlers={"tell": tell})
    house.deploy(
        d.process(
            "p",
            d.start(),
            d.fork("split"),
            d.catch("wait", d.on_message("m")),
            d.user("first"),
            d.service("speak", "tell"),
            d.user("second"),
            flows="start split wait second; split first speak",
            extra=d.message("m", "ready", '="7"'),
        )
    )
    made = house.start()
    house.complete("first")
    assert house.waiting() == ["second"]
    assert house.variables(made) == {"reached": 1, "by": "handler"}
    house.close()


# ---------------------------------------------------------------------- history


def test_history_tells_who_did_what_in_order(house: House) -> None:
    house.deploy(SIMPLE)
    made = house.start(variables={"asked": True})
    house.complete("write", actor="ben", text="done")
    with house.engine.read() as reading:
        lines = queries.history(reading, made)
    told = [(line.event, line.element, line.actor) for line in lines]
    assert told == [
        ("entered", "p", "ana"),
        ("completed", "start", "ana"),
        ("entered", "write", "ana"),
        ("completed", "write", "ben"),
        ("completed", "end", "ben"),
        ("completed", "p", "ben"),
    ]
    assert [line.seq for line in lines] == [1, 2, 3, 4, 5, 6]
    assert next(line.data for line in lines if line.element == "write" and line.data) == {
        "variables": {"text": "done"}
    }
