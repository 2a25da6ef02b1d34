"""Activities: work that takes time, may repeat over a collection, and may be interrupted.

Comes in: a ready token. Goes out: a wait for a person, a worker or a called process, then results. An
activity never talks to the outside itself: the environment does. Next: ``engine/kernel/adhoc.py``.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from engine import variables as values
from engine.kernel import cancelling, listeners, transitions
from engine.kernel.effects import Started
from engine.kernel.elements import Element, throw_error
from engine.kernel.faults import Denial, Fault, ThrownError
from engine.kernel.handing import hand_out
from engine.kernel.model import Loop, Phase
from engine.kernel.token import STARTED, Token

if TYPE_CHECKING:
    from engine.kernel.expressions import Expression

MAX_CALL_DEPTH = 50
"""Processes that may call one another before the call is taken for an endless one."""
MAX_ITEMS = 10_000
"""Instances of one multi-instance: each is a token in the state of the process instance."""

_VARIABLE = re.compile(r"^\s*=\s*([^\W\d]\w*)(?:\.[^\W\d]\w*)*\s*$")


class Activity(Element):
    """Any task, subprocess or call activity; adds multi-instance (BPMN 2.0, 13.3.7)."""

    def enter(self, token: Token) -> bool:
        """Enter once, or once per item of the collection."""
        if self.details.loop is not None and token.mark != "item":
            return self._enter_body(token, self.details.loop)
        return super().enter(token)

    def begin(self, token: Token) -> bool:
        """Watch boundary events, which belong to the body of a multi-instance, then act."""
        if token.mark != "item":
            self.watch_boundaries(token)
        return self.act(token)

    def _on_complete(self, my_task: Token) -> None:
        loop = self.details.loop
        if loop is None:
            super()._on_complete(my_task)
        elif my_task.mark == "item":
            self._complete_item(my_task, loop)
        else:
            self._complete_body(my_task, loop)

    # ------------------------------------------------------------------ multi-instance

    def _enter_body(self, token: Token, loop: Loop) -> bool:
        items = loop.collection.listing(token, "a list")
        if len(items) > MAX_ITEMS:
            raise Fault(
                "expression",
                "loop.too_many",
                text=loop.collection.text,
                limit=MAX_ITEMS,
                count=len(items),
            )
        self.watch_boundaries(token)
        token.internal_data["loop"] = {"size": len(items), "done": 0, "next": 0}
        if loop.output_collection is not None:
            token.data[loop.output_collection] = [None] * len(items)
        if not items:
            return True
        if loop.sequential:
            token.internal_data["items"] = items
            self._place_item(token, loop, items[0])
        else:
            for item in items:
                self._place_item(token, loop, item)
        return False

    def _place_item(self, body: Token, loop: Loop, value: Any) -> None:
        counts = body.internal_data["loop"]
        index = counts["next"]
        counts["next"] = index + 1
        item = body.workflow.place(self, body, mark="item")
        item.internal_data["index"] = index
        item.data["loopCounter"] = index + 1
        if loop.element is not None:
            item.data[loop.element] = value
        if loop.output_element is not None and (kept := own_variable(loop.output_element)):
            # What the item produces stays with the item: parallel ones would overwrite each other outside.
            item.data.setdefault(kept, None)

    def _complete_item(self, token: Token, loop: Loop) -> None:
        run, body = token.workflow, token.parent
        assert body is not None, "an item lives in its body"
        if not self.ends(token):
            return
        results = token.internal_data["wrote"]
        counts = dict(body.internal_data["loop"])
        counts["done"] += 1
        if loop.output_collection is not None and loop.output_element is not None:
            collected = collection(body, loop.output_collection, counts["size"])
            collected[token.internal_data["index"]] = loop.output_element.value(token)
            body.data[loop.output_collection] = collected
        # The condition sees what this item has brought.
        enough = loop.completion is not None and loop.completion.truth(token, self._numbers(counts, body))
        body.internal_data["loop"] = counts
        if token.internal_data.get("handlers") or self.undone_inside is not None:
            self.remember_for_compensation(token, body)
        run.record("completed", token, {"variables": results} if results else None)
        run.remove(token)
        if enough or counts["done"] == counts["size"]:
            if run.clear(body):
                body.complete()
        elif loop.sequential:
            self._place_item(body, loop, body.internal_data["items"][counts["next"]])

    def _numbers(self, counts: dict[str, int], body: Token) -> dict[str, int]:
        active = sum(1 for child in body.children if child.mark == "item") - 1
        return {
            # Those that have begun: of a sequential one not those to come (BPMN 2.0, table 10.30).
            "numberOfInstances": counts["next"],
            "numberOfActiveInstances": active,
            "numberOfCompletedInstances": counts["done"],
            "numberOfTerminatedInstances": counts["next"] - counts["done"] - active,
        }

    def _complete_body(self, token: Token, loop: Loop) -> None:
        flow_ids = self.flows_to_take(token)
        if loop.output_collection is not None and token.parent is not None:
            token.parent.propagate(loop.output_collection, token.data[loop.output_collection])
        token.workflow.leave(token, flow_ids, event="loop_completed")

    # ------------------------------------------------------------------ errors and jobs

    def throw_error(self, token: Token, code: str, message: str, variables: dict[str, Any]) -> None:
        """Throw a BPMN error from this activity."""
        token.workflow.close_wait(token)
        token.workflow.record("error_thrown", token, {"code": code, "message": message})
        try:
            throw_error(token, code, message, variables)
        except Fault as fault:  # the code of an event that might catch it cannot be evaluated
            token.workflow.raise_incident(token, fault, stage="job")


def own_variable(output: Expression) -> str | None:
    """Return the variable that an output element reads, when that is all it does."""
    found = _VARIABLE.match(output.text)
    return found[1] if found else None


def collection(scope: Token, name: str, size: int = 0) -> list[Any]:
    """Return a copy of the list that ``scope`` collects results in.

    Raises:
        Fault: a step inside has written something else to the variable.
    """
    found = scope.data.get(name)
    if isinstance(found, list) and len(found) >= size:
        return list(found)
    raise Fault(
        "expression",
        "collection.overwritten",
        name=name,
        label=scope.task_spec.label,
        found=values.to_text(found),
    )


class PassingTask(Activity):
    """An undefined or manual task: Guichet has nothing to do for it and passes on."""

    kind = "task"


class UserTask(Activity):
    """Work for a person, offered in the inbox."""

    kind = "user_task"

    def throw_error(self, token: Token, code: str, message: str, variables: dict[str, Any]) -> None:
        """Throw a BPMN error; a change that waits for its listener is not made any more."""
        change = transitions.pending(token)
        if change is not None:
            token.workflow.remove(change)
        super().throw_error(token, code, message, variables)

    def act(self, token: Token) -> bool:
        """Offer the task to its assignee, groups and users, once its listeners have seen it."""
        if not listeners.heard(token, "creating"):
            return False
        facts = self._facts(token)
        assignee = facts.get("assignee")
        if assignee is not None and "assigning" in self.details.listeners:
            token.workflow.open_wait("task", token, **{**facts, "assignee": None})
            transitions.begin(token, "assigning", {"assignee": assignee}, "")
        else:
            token.workflow.open_wait("task", token, **facts)
        return False

    def _facts(self, token: Token) -> dict[str, Any]:
        user = self.details.user
        facts: dict[str, Any] = {"label": self.label}
        if user is not None:
            facts["assignee"] = user.assignee.words_or_none(token, "an assignee") if user.assignee else None
            facts["candidate_groups"] = (
                user.candidate_groups.names_of(token, "candidate groups") if user.candidate_groups else []
            )
            facts["candidate_users"] = (
                user.candidate_users.names_of(token, "candidate users") if user.candidate_users else []
            )
            facts["due_date"] = user.due_date.instant(token, "a due date") if user.due_date else None
            facts["follow_up_date"] = (
                user.follow_up_date.instant(token, "a follow-up date") if user.follow_up_date else None
            )
            facts["priority"] = self._priority(token)
            facts["form_id"] = user.form_id.words(token, "a form") if user.form_id else None
        return facts

    # ------------------------------------------------------------------ listeners

    def words(self, token: Token, phase: Phase) -> dict[str, str]:
        """Return what a task listener is told of the task."""
        if phase in ("start", "end"):
            return {}
        if phase == "creating":
            return transitions.words(token, phase, self._facts(token))
        task = token.parent if token.mark == "watch" and token.parent is not None else token
        return transitions.words(token, phase, token.workflow.facts_of(task))

    def finish(self, token: Token, results: dict[str, Any]) -> None:
        """Take the answers of the task, or what a listener says.

        Raises:
            Undecided: a change of the task waits for its listener.
        """
        memory = token.internal_data
        if "change" in memory:
            token.workflow.close_wait(token)
            transitions.answered(token, results)
        elif "leaving" in memory:
            token.workflow.close_wait(token)
            self._heard_cancelling(token, results)
        else:
            transitions.refuse_undecided(token)
            super().finish(token, results)

    def again(self, token: Token) -> bool:
        """Hand out once more the listener that failed."""
        memory = token.internal_data
        if "change" in memory:
            transitions.again(token)
            return False
        if "leaving" in memory:
            if listeners.again(token):
                cancelling.proceed(token)
            return False
        try:
            return super().again(token)
        except Denial as denial:
            self.stopped(token, denial)
            return False

    def ends(self, token: Token) -> bool:
        """Let the listeners of the completion have their turn; a denied one ends nothing."""
        try:
            return super().ends(token)
        except Denial as denial:
            self.stopped(token, denial)
            return False

    def _heard_cancelling(self, token: Token, results: dict[str, Any]) -> None:
        try:
            done = listeners.answered(token, results)
        except Fault as fault:
            self.stopped(token, fault)
            return
        if done:
            cancelling.proceed(token)

    def stopped(self, token: Token, fault: Fault) -> None:
        """Offer the task again when the listener denies its completion; else tell an operator."""
        if isinstance(fault, Denial) and listeners.waiting(token) == "completing":
            transitions.reopen(token, fault.message)
        else:
            super().stopped(token, fault)

    def _priority(self, token: Token) -> int:
        user = self.details.user
        if user is None or user.priority is None:
            return 50
        value = user.priority.value(token)
        if type(value) not in (int, Decimal) or not 0 <= value <= 100 or value % 1:
            raise user.priority.unfit("a priority from 0 to 100", value)
        return int(value)


class JobElement(Activity):
    """Anything whose work a handler of the house or an outside worker does."""

    kind = "service_task"

    def act(self, token: Token) -> bool:
        """Do the work in this transaction when the house has a handler; else leave it to a worker."""
        return self.open_job(token)

    def open_job(self, token: Token) -> bool:
        """Hand the job out; True when the house has done it."""
        job = self.details.job
        assert job is not None, "checked at deployment"
        try:
            results = hand_out(token, job)
        except ThrownError as thrown:
            self.throw_error(token, thrown.error_code, thrown.message, thrown.variables)
            return False
        if results is None:
            return False
        token.internal_data["results"] = results
        return True

    def again(self, token: Token) -> bool:
        """Hand out the job that failed, or the listener; True when the element is done."""
        return self.open_job(token) if listeners.waiting(token) is None else super().again(token)


class BusinessRuleTask(JobElement):
    """A called decision; its trace goes to history so that a person can be told which rule decided."""

    kind = "business_rule_task"

    def act(self, token: Token) -> bool:
        """Evaluate the decision on the visible variables."""
        called = self.details.called
        if called is None:
            return self.open_job(token)
        run = token.workflow
        decision = called.id.words(token, "a decision")
        value, trace = run.environment.decide(called, decision, token.visible(), self.process)
        run.record("decided", token, trace)
        token.internal_data["results"] = {called.result_variable: value}
        return True


class ScriptTask(JobElement):
    """A FEEL expression whose value becomes a variable."""

    kind = "script_task"

    def act(self, token: Token) -> bool:
        """Evaluate the expression."""
        script = self.details.script
        if script is None:
            return self.open_job(token)
        token.internal_data["results"] = {script.result_variable: script.expression.value(token)}
        return True


class SubProcess(Activity):
    """An embedded or event subprocess: a scope of its own inside the instance."""

    kind = "subprocess"
    is_scope = True

    def act(self, token: Token) -> bool:
        """Watch the event subprocesses inside and begin at the start event."""
        token._set_state(STARTED)
        for inner in self.event_subprocesses:
            if inner.needs_watch:
                inner.watch(token)
        self.begin_inside(token)
        return False

    def begin_inside(self, token: Token) -> None:
        """Put the first token inside."""
        wanted = token.internal_data.pop("start", None)
        start = next(
            e for e in self.process.inside[self.name] if e.kind == "start_event" and wanted in (None, e.name)
        )
        first = token.workflow.place(start, token)
        first.internal_data["event"] = token.internal_data.pop("event", {})

    def scope_done(self, token: Token) -> None:
        """Leave when the last token inside has left."""
        token.complete()


class CallActivity(Activity):
    """Another process, run inside the same instance and transaction."""

    kind = "call_activity"

    def act(self, token: Token) -> bool:
        """Start the called process with the variables it may see."""
        called = self.details.called
        assert called is not None, "checked at deployment"
        run = token.workflow
        process_id = called.id.words(token, "a process")
        depth = sum(1 for scope in token.ancestors() if scope.task_spec.is_process)
        if depth > MAX_CALL_DEPTH:
            raise Fault("called_process_missing", "process.too_deep", limit=MAX_CALL_DEPTH, label=self.label)
        process = run.environment.called_process(called, process_id, self.process)
        start = process.none_start()
        if start is None:
            raise Fault("called_process_missing", "process.no_start", process=process_id)
        token._set_state(STARTED)
        child = run.place(process.root, token, state=STARTED)
        child.internal_data["process"] = process.key
        if called.propagate_parent:
            child.data.update(token.visible())
        elif self.details.inputs:
            child.data.update(token.data)
        run.effects.started[child.id] = Started(child.id, token.process().id, process)
        process.root.open(child, start, {})
        return False

    def called_done(self, token: Token, results: dict[str, Any]) -> None:
        """Take the called process's variables over, as the diagram allows."""
        called = self.details.called
        assert called is not None, "checked at deployment"
        if self.details.outputs:
            self.finish(token, results)
        elif called.propagate_child:
            # The copy of a collection in the making that went in must not undo what others have added since.
            self.finish(token, {name: results[name] for name in results if not _in_the_making(token, name)})
        else:
            self.finish(token, {})


def _in_the_making(token: Token, name: str) -> bool:
    """Tell whether ``name`` is, from here, an output collection that is not complete yet."""
    scope = token
    while name not in scope.data and not scope.task_spec.is_process:
        assert scope.parent is not None, "only a process has no parent"
        scope = scope.parent
    loop, ad_hoc = scope.task_spec.details.loop, scope.task_spec.details.ad_hoc
    if loop is not None and "loop" in scope.internal_data:
        return loop.output_collection == name
    return ad_hoc is not None and ad_hoc.output_collection == name
