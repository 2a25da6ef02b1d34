"""Definitions: checking, deploying and finding processes, decisions and forms.

Comes in: files. Goes out: every problem at once, or one deployment with new versions; later, the newest
version or the one of a deployment. It never stores a file that has an error. Next: ``engine/instances.py``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import sqlalchemy as sa

from engine import dmn, forms, ids, kernel
from engine.errors import DefinitionRefused, Missing
from engine.problems import Problem, errors_among
from engine.store import UnitOfWork
from engine.tables import Definition, Deployment, DeploymentFile, Resource, StartSubscription

Kind = Literal["process", "decision", "form"]
TaskTypeCheck = Callable[[str, frozenset[str]], list[Problem]]
"""Given a task type and the names of its inputs, the problems (element and file are filled in here)."""


@dataclass(frozen=True, slots=True)
class File:
    """A file to check or deploy; ``name`` ends in .bpmn, .dmn or .form."""

    name: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Known:
    """What exists besides the files at hand, so that references to it are whole.

    It is only asked what the files at hand do not answer: it may find out when it is asked.
    """

    processes: Container[str] = frozenset()
    decisions: Container[str] = frozenset()
    forms: Container[str] = frozenset()
    task_type: TaskTypeCheck | None = None


@dataclass(slots=True)
class Checked:
    """The result of checking a set of files together.

    Attributes:
        embedded: forms taken out of diagrams.
        tags: the version tag of decisions and forms that have one, by file name and id.
    """

    problems: list[Problem] = field(default_factory=list)
    processes: list[tuple[File, kernel.ProcessSpec]] = field(default_factory=list)
    decisions: list[tuple[File, str, str]] = field(default_factory=list)
    forms: list[tuple[File, str]] = field(default_factory=list)
    embedded: list[File] = field(default_factory=list)
    tags: dict[tuple[str, str], str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Deployed:
    """A deployment: its id and the versions it created."""

    id: str
    definitions: tuple[str, ...]


# ---------------------------------------------------------------------- checking


def kind_of(name: str) -> Literal["bpmn", "dmn", "form"] | None:
    """Return what a file holds by its name; other engines write ``.bpmn20.xml``."""
    lower = name.lower()
    if lower.endswith((".bpmn", ".bpmn2", ".bpmn20.xml", ".bpmn.xml")):
        return "bpmn"
    return "dmn" if lower.endswith(".dmn") else "form" if lower.endswith(".form") else None


def check(files: Iterable[File], known: Known | None = None) -> Checked:
    """Check files together; references between them and to ``known`` must be whole.

    Returns:
        every problem of every file, errors and warnings, in the order of files and lines.
    """
    known = known or Known()
    checked = Checked()
    files = list(files)
    decision_files: list[File] = []
    drawn: set[str] = set()
    for file in files:
        kind = kind_of(file.name)
        if kind == "bpmn":
            reading = kernel.read(file.content, file.name)
            checked.problems += reading.problems
            checked.processes += [(file, process) for process in reading.processes]
            for form in reading.forms:
                _check_embedded(file, form, checked)
                drawn.add(form.key)
        elif kind == "dmn":
            decision_files.append(file)
        elif kind == "form":
            _check_form(file, checked)
        else:
            checked.problems.append(Problem("file.unreadable", file=file.name, facts={"reason": OTHER_NAME}))
    _check_decisions(decision_files, checked)
    checked.problems += _twice(files, checked)
    own = Known(
        frozenset(process.process_id for _, process in checked.processes),
        frozenset(decision for _, decision, _ in checked.decisions),
        drawn | {form for _, form in checked.forms},
    )
    for file, process in checked.processes:
        checked.problems += _references(file, process, own, known)
    checked.problems.sort(key=lambda problem: (problem.file, problem.line))
    return checked


def _twice(files: Sequence[File], checked: Checked) -> Iterator[Problem]:
    """Yield what the files define twice: of a name one file would be lost, of an id the last would be newest."""
    names: set[str] = set()
    for file in files:
        if file.name in names:
            yield Problem("file.twice", file=file.name)
        names.add(file.name)
    found = [
        *(("process", file, process.process_id, process.label) for file, process in checked.processes),
        *(("decision", file, decision, name) for file, decision, name in checked.decisions),
        *(("form", file, form, form) for file, form in checked.forms),
    ]
    first: dict[tuple[str, str], File] = {}
    for kind, file, key, label in found:
        other = first.setdefault((kind, key), file)
        if other is not file:
            facts = {"what": WORDS_OF_KINDS[kind], "key": key, "other": other.name}
            yield Problem(
                "definition.twice",
                file=file.name,
                element=key,
                label=label,
                severity="warning",
                facts=facts,
            )


def _check_decisions(files: Sequence[File], checked: Checked) -> None:
    """Check decision files; those that can be read are read together, since they may import one another."""
    readable: list[File] = []
    for file in files:
        try:
            dmn.read(file.content, name=file.name)
            readable.append(file)
        except dmn.DmnRefused as refused:
            checked.problems += [_of_decision(file, problem) for problem in refused.problems]
    models = dmn.read_all({file.name: file.content for file in readable})
    for file in readable:
        model = models[file.name]
        checked.problems += [_of_decision(file, problem) for problem in dmn.check(model)]
        for decision in model.decisions:
            checked.decisions.append((file, decision.id, decision.name))
            _tag(checked, file, decision.id, decision.version_tag)


def _tag(checked: Checked, file: File, key: str, tag: str | None) -> None:
    if tag:
        checked.tags[file.name, key] = tag


def _of_decision(file: File, problem: dmn.Problem) -> Problem:
    return Problem(
        problem.code,
        file=file.name,
        line=problem.line,
        element=problem.element,
        label=problem.label,
        severity=problem.severity,
        texts={language: (problem.message(language), problem.advice(language)) for language in ("en", "fr")},
    )


def _check_form(file: File, checked: Checked) -> None:
    if len(file.content) > MAX_BYTES:
        facts = {"limit": MAX_BYTES // 1_000_000}
        checked.problems.append(Problem("file.too_big", file=file.name, facts=facts))
        return
    try:
        text = file.content.decode("utf-8-sig")
    except UnicodeDecodeError:
        checked.problems.append(Problem("file.unreadable", file=file.name, facts={"reason": NOT_UTF_8}))
        return
    found = [replace(problem, file=file.name) for problem in forms.problems(text)]
    checked.problems += found
    if not found:
        form = forms.read(text)
        checked.forms.append((file, form.id))
        _tag(checked, file, form.id, form.version_tag)


def _check_embedded(file: File, form: kernel.EmbeddedForm, checked: Checked) -> None:
    """Take a form out of a diagram: from then on it is a file like others, under a key of its own."""
    try:
        schema = json.loads(form.text)
    except (ValueError, RecursionError):
        schema = None
    text = json.dumps({**schema, "id": form.key}) if isinstance(schema, dict) else form.text
    found = forms.problems(text)
    for problem in found:
        line = form.line + max(problem.line - 1, 0) if text == form.text else form.line
        checked.problems.append(
            replace(problem, file=file.name, line=line, element=problem.element or form.key)
        )
    if not found:
        taken = File(f"{file.name}#{form.key}.form", text.encode())
        checked.embedded.append(taken)
        checked.forms.append((taken, form.key))


def _references(
    file: File,
    process: kernel.ProcessSpec,
    own: Known,
    known: Known,
) -> list[Problem]:
    found: list[Problem] = []
    for element in process.task_specs.values():
        details = element.details

        def tell(code: str, target: str, *, warning: bool = False, **facts: object) -> None:
            found.append(
                Problem(
                    code,
                    file=file.name,
                    line=element.line,  # noqa: B023 - called within the same turn of the loop
                    element=element.name,  # noqa: B023
                    label=element.label,  # noqa: B023
                    severity="warning" if warning else "error",
                    facts={"target": target, **facts},
                )
            )

        called, user, job = details.called, details.user, details.job
        if called is not None and called.id.fixed:
            target = called.id.text
            if element.kind == "call_activity":
                if target not in own.processes and target not in known.processes:
                    tell("process.called_missing", target, warning=True)
            elif (
                element.kind == "business_rule_task"
                and target not in own.decisions
                and target not in known.decisions
            ):
                tell("reference.missing", target, what=DECISION, instead=DEPLOY_TOO)
        if (
            user is not None
            and user.form_id is not None
            and user.form_id.fixed
            and user.form_id.text not in own.forms
            and user.form_id.text not in known.forms
        ):
            tell("reference.missing", user.form_id.text, what=FORM, instead=DEPLOY_TOO)
        if job is not None and job.type.fixed and known.task_type is not None:
            inputs = frozenset(mapping.target[0] for mapping in details.inputs)
            for problem in known.task_type(job.type.text, inputs):
                tell(problem.code, job.type.text, warning=problem.severity == "warning", **problem.facts)
    return found


MAX_BYTES = 1_000_000
"""The longest form that is read."""
NOT_UTF_8 = {"en": "it is not UTF-8", "fr": "il n’est pas en UTF-8"}
OTHER_NAME = {
    "en": "its name ends in none of .bpmn .dmn .form",
    "fr": "son nom ne se termine ni par .bpmn, ni par .dmn, ni par .form",
}
WORDS_OF_KINDS = {
    "process": {"en": "process", "fr": "Le processus"},
    "decision": {"en": "decision", "fr": "La décision"},
    "form": {"en": "form", "fr": "Le formulaire"},
}
DECISION = {"en": "decision", "fr": "décision"}
FORM = {"en": "form", "fr": "formulaire"}
_DEPLOYING = 0x6775_6963  # the advisory lock of deployments; any number that nothing else takes
DEPLOY_TOO = {
    "en": "Deploy it together with this file, or correct its id.",
    "fr": "Déployez-le avec ce fichier, ou corrigez son identifiant.",
}


# ---------------------------------------------------------------------- deploying


def deploy(
    unit: UnitOfWork, files: Sequence[File], *, message: str, task_type: TaskTypeCheck | None = None
) -> Deployed:
    """Store files and create a new version of each definition whose content is new.

    Args:
        files: checked together; references may also lead to what is deployed already.
        message: why, one sentence.
        task_type: the catalogue of the house.

    Raises:
        DefinitionRefused: with ``problems``; nothing is stored.
    """
    checked = check(files, known_in(unit, task_type))
    if errors := errors_among(checked.problems):
        raise DefinitionRefused(
            f"Expected files that run as drawn, but found {len(errors)} problem(s); the first: "
            f"{errors[0].file}, {errors[0].label or errors[0].element}: {errors[0].message()}",
            problems=checked.problems,
        )
    for file, process in checked.processes:
        # The check knows neither the day nor the zone of the house: an expression may ask for both.
        if untimely := kernel.start_problems(process, unit.now, unit.house.zone, file.name):
            raise DefinitionRefused(
                f"Expected start events that can be set today, but: {file.name}, {untimely[0].label}: "
                f"{untimely[0].message()}",
                problems=[*checked.problems, *untimely],
            )
    deployment_id = _next_deployment(unit)
    unit.connection.execute(
        sa.insert(Deployment).values(
            id=deployment_id, created_at=unit.now, created_by=unit.actor, message=message
        )
    )
    _store_files(unit, deployment_id, [*files, *checked.embedded])
    made: list[str] = []
    for file, process in checked.processes:
        new = _new_version(
            unit, deployment_id, "process", process.process_id, process.label, file, process.version_tag
        )
        if new is not None:
            made.append(new)
            _subscribe_starts(unit, new, process)
    for file, decision, name in checked.decisions:
        tag = checked.tags.get((file.name, decision))
        made += filter(None, [_new_version(unit, deployment_id, "decision", decision, name, file, tag)])
    for file, form in checked.forms:
        tag = checked.tags.get((file.name, form))
        made += filter(None, [_new_version(unit, deployment_id, "form", form, form, file, tag)])
    return Deployed(deployment_id, tuple(made))


def _next_deployment(unit: UnitOfWork) -> str:
    """Return an id behind all others: references to “this deployment or the newest before it” rely on it.

    Deployments go one after the other, else two of them could make the same version of a process.
    """
    if unit.connection.dialect.name == "postgresql":
        unit.connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_DEPLOYING)))
    return ids.after(unit.connection.scalar(sa.select(sa.func.max(Deployment.id))), unit.now)


def known_in(unit: UnitOfWork, task_type: TaskTypeCheck | None = None) -> Known:
    """Return what is deployed already."""
    keys: dict[str, set[str]] = {"process": set(), "decision": set(), "form": set()}
    for kind, key in unit.connection.execute(sa.select(Definition.kind, Definition.key).distinct()):
        keys[kind].add(key)
    return Known(frozenset(keys["process"]), frozenset(keys["decision"]), frozenset(keys["form"]), task_type)


def _store_files(unit: UnitOfWork, deployment_id: str, files: Sequence[File]) -> None:
    digests = {file.name: hashlib.sha256(file.content).hexdigest() for file in files}
    stored = set(unit.connection.scalars(sa.select(Resource.hash).where(Resource.hash.in_(digests.values()))))
    fresh = {digests[file.name]: file.content for file in files if digests[file.name] not in stored}
    if fresh:
        unit.connection.execute(
            sa.insert(Resource), [{"hash": digest, "content": content} for digest, content in fresh.items()]
        )
    unit.connection.execute(
        sa.insert(DeploymentFile),
        [{"deployment_id": deployment_id, "name": name, "hash": digest} for name, digest in digests.items()],
    )


def _new_version(
    unit: UnitOfWork, deployment_id: str, kind: Kind, key: str, name: str, file: File, tag: str | None = None
) -> str | None:
    digest = hashlib.sha256(file.content).hexdigest()
    newest = unit.connection.execute(_newest(kind, key)).one_or_none()
    if newest is not None and newest.hash == digest:
        return None
    definition_id = ids.new(unit.now)
    unit.connection.execute(
        sa.insert(Definition).values(
            id=definition_id,
            kind=kind,
            key=key,
            version=1 if newest is None else newest.version + 1,
            version_tag=tag,
            name=name,
            file=file.name,
            hash=digest,
            deployment_id=deployment_id,
            created_at=unit.now,
        )
    )
    return definition_id


def _subscribe_starts(unit: UnitOfWork, definition_id: str, process: kernel.ProcessSpec) -> None:
    """Let messages, signals and timers start the newest version, and no older one."""
    unit.connection.execute(
        sa.delete(StartSubscription).where(StartSubscription.process_id == process.process_id)
    )
    rows = kernel.start_triggers(process, unit.now, unit.house.zone)
    if rows:
        unit.connection.execute(
            sa.insert(StartSubscription),
            [
                {
                    "definition_id": definition_id,
                    "element": row.element,
                    "process_id": process.process_id,
                    "kind": row.kind,
                    "name": row.name,
                    "due_at": row.due_at,
                    "remaining": row.remaining,
                    "interval": row.interval,
                }
                for row in rows
            ],
        )


# ---------------------------------------------------------------------- finding


def _newest(kind: Kind, key: str) -> sa.Select[str, int, str, str]:
    return (
        sa.select(Definition.id, Definition.version, Definition.hash, Definition.deployment_id)
        .where(Definition.kind == kind, Definition.key == key)
        .order_by(Definition.version.desc())
        .limit(1)
    )


_NEWEST_ID = (
    sa.select(Definition.id)
    .where(Definition.kind == sa.bindparam("kind"), Definition.key == sa.bindparam("key"))
    .order_by(Definition.version.desc())
    .limit(1)
)


def find(
    connection: sa.Connection,
    kind: Kind,
    key: str,
    *,
    binding: str = "latest",
    version_tag: str | None = None,
    deployment_id: str | None = None,
) -> str:
    """Return the id of the definition that a reference means.

    Args:
        binding: ``latest``, ``deployment`` (the one deployed with ``deployment_id``, or the newest before it)
            or ``versionTag``.

    Raises:
        Missing: there is none.
    """
    query = _NEWEST_ID
    values: dict[str, object] = {"kind": kind, "key": key}
    if binding == "versionTag":
        query = query.where(Definition.version_tag == version_tag)
    elif binding == "deployment" and deployment_id is not None:
        # Deployment ids sort by time: an unchanged file keeps the version of an earlier deployment.
        query = query.where(Definition.deployment_id <= deployment_id)
    found: str | None = connection.scalar(query, values)
    if found is None:
        tag = f" with the version tag “{version_tag}”" if binding == "versionTag" else ""
        raise Missing(f"There is no {kind} “{key}”{tag} deployed.", kind=kind, key=key)
    return found


GENERATION = sa.select(sa.func.max(Deployment.id)).scalar_subquery().label("generation")
"""The newest deployment, read together with whatever a command reads first."""


def find_since(
    unit: UnitOfWork,
    generation: str | None,
    kind: Kind,
    key: str,
    *,
    binding: str = "latest",
    version_tag: str | None = None,
    deployment_id: str | None = None,
) -> str:
    """Return what ``find`` returns, without asking again what was asked since the newest deployment.

    Args:
        generation: the newest deployment, as this transaction has read it.

    Raises:
        Missing: there is none.
    """
    shelf = unit.house.library.meanings(generation)
    reference = (kind, key, binding, version_tag, deployment_id if binding == "deployment" else None)
    found = shelf.get(reference)
    if found is None:
        found = shelf[reference] = find(
            unit.connection,
            kind,
            key,
            binding=binding,
            version_tag=version_tag,
            deployment_id=deployment_id,
        )
    return found


def files_of(unit: UnitOfWork, definition_id: str) -> Mapping[str, bytes]:
    """Return the deployed file of a definition by its name.

    Raises:
        Missing: there is no such definition.
    """
    row = unit.connection.execute(
        sa.select(Definition.file, Resource.content)
        .join(Resource, Resource.hash == Definition.hash)
        .where(Definition.id == definition_id)
    ).one_or_none()
    if row is None:
        raise Missing(f"There is no definition {definition_id}.", definition_id=definition_id)
    return {row.file: row.content}
