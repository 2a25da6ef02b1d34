"""The state of an instance as one small document, without definitions and without history.

Comes in: a run at rest. Goes out: one line of JSON, ``[format, next id, status, [tokens]]``, each token as
``[id, parent, element, state, mark, internals, variables]``; and back. A called process also names the variables
that are still its caller's very own. It never knows where the text is kept. Next: ``engine/instances.py``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine import variables
from engine.errors import Failed
from engine.kernel.environment import Environment
from engine.kernel.machine import Run
from engine.kernel.process import ProcessSpec
from engine.kernel.token import Token

FORMAT = 3
"""Raised when the document's shape changes; ``thaw`` also reads older ones.

1: the first. 2: an eighth member of a called process's record, the names of variables to take from its caller.
3: what an event still has to undo remembers its place; the mark ``path``.
"""


def freeze(run: Run) -> str:
    """Return the document of ``run``; tokens in the order of their ids, so parents precede children."""
    return variables.dumps(
        [FORMAT, run.next_id, run.status, [_record(token) for token in run.tasks.values()]]
    )


def _record(token: Token) -> list[Any]:
    data, shared = token.data, []
    if token.task_spec.is_process and token.parent is not None and data:
        outside = token.parent.visible()
        shared = [name for name, value in data.items() if name in outside and outside[name] is value]
        if shared:
            data = {name: value for name, value in data.items() if name not in shared}
    record = [
        token.id,
        token.parent.id if token.parent is not None else 0,
        token.task_spec.name,
        token._state,
        token.mark or 0,
        token.internal_data or 0,
        data or 0,
    ]
    return [*record, shared] if shared else record


def thaw(
    document: str, process: ProcessSpec, environment: Environment, called: Callable[[str], ProcessSpec]
) -> Run:
    """Return the run that ``document`` froze.

    Args:
        document: what ``freeze`` wrote, of this or an earlier format.
        process: the definition the instance runs on.
        environment: the world of the coming command.
        called: gives the definition of a called process by its key.

    Raises:
        Failed: the document is of a later format, or an element is gone from the definition.
    """
    version, next_id, status, tokens = variables.loads(document)
    if version > FORMAT:
        raise Failed(
            f"Expected a state of format {FORMAT} or older, but it is of format {version}.", format=version
        )
    run = Run(process, environment)
    run.next_id, run.status = next_id, status
    for token_id, parent_id, name, state, mark, internal, data, *shared in tokens:
        parent = run.tasks[parent_id] if parent_id else None
        if internal and "process" in internal:
            element = called(internal["process"]).root
        else:
            spec = process if parent is None else parent.task_spec.process
            found = spec.task_specs.get(name)
            if found is None:
                raise Failed(
                    f"Expected the definition “{spec.process_id}” to have the element “{name}” where the instance "
                    "stands, but it has not.",
                    element=name,
                )
            element = found
        token = Token(run, element, parent, state, token_id)
        token.mark = mark or None
        if internal:
            token.internal_data = internal
        if data:
            token.data = data
        if shared and parent is not None:
            token.data.update(parent.visible_among(shared[0]))
    run.task_tree = next(iter(run.tasks.values()))
    return run


def places(document: str) -> list[tuple[int, str, str]]:
    """Return where an instance stands: (token of the process, element, ``active`` or ``incident``).

    Watchers, the scopes of processes and paths that have not stopped are left out; a scope with tokens inside is
    active too.
    """
    owners: dict[int, int] = {}
    found: list[tuple[int, str, str]] = []
    for token_id, parent_id, name, _state, mark, internal, *_data in variables.loads(document)[3]:
        is_process = parent_id == 0 or bool(internal and "process" in internal)
        owners[token_id] = token_id if is_process else owners[parent_id]
        stopped = bool(internal and "fault" in internal)
        if not is_process and mark != "watch" and (mark != "path" or stopped):
            found.append((owners[token_id], name, "incident" if stopped else "active"))
    return found


def peek(document: str, token_id: int) -> dict[str, Any]:
    """Return the variables visible at a token, straight from the document; empty when it has left."""
    records = {record[0]: record for record in variables.loads(document)[3]}
    return _visible(records, token_id)


def _visible(records: dict[int, list[Any]], token_id: int) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    record = records.get(token_id)
    while record is not None:
        merged = {**(record[6] or {}), **merged}
        is_process = record[1] == 0 or (record[5] and "process" in record[5])
        if is_process and len(record) > 7:
            outside = _visible(records, record[1])
            merged = {**{name: outside[name] for name in record[7]}, **merged}
        record = None if is_process else records.get(record[1])
    return merged
