"""The house around a run: definitions from the database, decisions, handlers under a savepoint.

Comes in: a unit of work and the instance. Goes out: what the kernel asks for. It never changes the run
itself. Next: ``engine/instances.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine import definitions, dmn, feel, ids, kernel, task_rows
from engine.errors import BpmnError, Denied, EngineError, Missing
from engine.problems import LANGUAGES
from engine.store import Call, GuardedUnit, UnitOfWork


@dataclass(slots=True)
class HouseEnvironment:
    """Fulfils ``engine.kernel.Environment`` for one command on one instance."""

    unit: UnitOfWork
    instance_id: str
    business_key: str | None
    generation: str | None

    @property
    def now(self) -> datetime:
        """Return the instant of the command."""
        return self.unit.now

    @property
    def zone(self) -> str:
        """Return the municipality's time zone."""
        return self.unit.house.zone

    def called_process(
        self, called: kernel.Called, process_id: str, caller: kernel.ProcessSpec
    ) -> kernel.ProcessSpec:
        """Return the definition a call activity means.

        Raises:
            Fault: it is not deployed.
        """
        definition_id = self._find_called("process", called, process_id, caller)
        return self.unit.house.library.process(self.unit.connection, definition_id)

    def decide(
        self,
        called: kernel.Called,
        decision_id: str,
        variables: Mapping[str, Any],
        caller: kernel.ProcessSpec,
    ) -> tuple[Any, dict[str, Any]]:
        """Return a decision's value and its trace.

        Raises:
            Fault: it is not deployed, or its rules contradict one another.
        """
        definition_id = self._find_called("decision", called, decision_id, caller)
        model = self.unit.house.library.decision(self.unit.connection, definition_id)
        value, trace = decide(model, decision_id, variables, self.now, self.zone)
        return value, {"definition": definition_id, **trace}

    def task(self, token: kernel.Token) -> Mapping[str, Any]:
        """Return what a user task is like, read from its row."""
        return task_rows.facts(self.unit, ids.of_work(self.instance_id, token.id))

    def handler(self, job_type: str) -> kernel.HandlerOfRun | None:
        """Return the house's function for ``job_type``, wrapped in a savepoint."""
        function = self.unit.house.handlers.get(job_type)
        if function is None:
            return None

        def work(job: kernel.Work) -> Mapping[str, Any]:
            call = Call(
                job.type,
                job.inputs,
                job.headers,
                self.instance_id,
                self.business_key,
                job.element,
                ids.of_work(self.instance_id, job.token),
            )
            waiting = len(self.unit.later)
            try:
                with GuardedUnit(self.unit) as guarded:
                    return function(guarded, call)
            except BpmnError as error:
                del self.unit.later[waiting:]
                raise kernel.ThrownError(error.error_code, error.message, error.variables) from error
            except Denied as denial:
                del self.unit.later[waiting:]
                raise kernel.Denial(denial.message) from denial
            except EngineError as refusal:
                # What a handler refuses is work for an operator; what it has written is undone with the
                # savepoint, and the person's own step still counts.
                del self.unit.later[waiting:]
                raise kernel.Fault("job_no_retries", "handler.refused", text=refusal.message) from refusal

        return work

    def form(self, form_id: str, binding: str, version_tag: str | None, deployment: str | None) -> str | None:
        """Return the definition of a user task's form; None when it is not deployed."""
        try:
            return definitions.find_since(
                self.unit,
                self.generation,
                "form",
                form_id,
                binding=binding,
                version_tag=version_tag,
                deployment_id=deployment,
            )
        except Missing:
            return None

    def _find_called(
        self, kind: definitions.Kind, called: kernel.Called, key: str, caller: kernel.ProcessSpec
    ) -> str:
        try:
            return definitions.find_since(
                self.unit,
                self.generation,
                kind,
                key,
                binding=called.binding,
                version_tag=called.version_tag,
                deployment_id=caller.deployment,
            )
        except Missing as missing:
            raise not_deployed(kind, key, called) from missing


def not_deployed(kind: str, key: str, called: kernel.Called) -> kernel.Fault:
    """Return the fault of a call activity or business rule task whose process or decision is not there."""
    which: object = ""
    if called.binding == "versionTag":
        tag = called.version_tag
        which = {"en": f" with the version tag “{tag}”", "fr": f" à l’étiquette de version « {tag} »"}
    if kind == "process":
        return kernel.Fault("called_process_missing", "process.missing", process=key, which=which)
    return kernel.Fault("expression", "decision.missing", decision=key, which=which)


def decide(
    model: dmn.Model, decision_id: str, variables: Mapping[str, Any], now: datetime, zone: str
) -> tuple[Any, dict[str, Any]]:
    """Evaluate a decision; its trace is JSON-able and kept in history.

    Raises:
        Fault: the decision failed; the message says which rules disagree.
    """
    try:
        outcome = dmn.evaluate(model, decision_id, variables, now=now, zone=zone)
    except (dmn.DecisionFailed, feel.FeelLimit, feel.FeelAssertion, feel.FeelValueError) as failure:
        reason = {language: failure.describe(language).rstrip(".") for language in LANGUAGES}
        raise kernel.Fault("expression", "decision.failed", decision=decision_id, reason=reason) from failure
    return outcome.value, {"decision": decision_id, "trace": outcome.trace.to_json()}
