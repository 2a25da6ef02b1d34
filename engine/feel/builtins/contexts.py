"""Built-ins over contexts, and Camunda's over null.

Comes in: contexts, keys and values. Goes out: new contexts; none is ever changed. They charge the run for each
entry they copy. Next: ``ranges.py``. DMN 1.5, 10.3.4.11.
"""

from __future__ import annotations

from typing import Final

from engine.feel.builtins.table import BAD, Library
from engine.feel.errors import FeelAssertion
from engine.feel.run import Run
from engine.feel.values import Value

LIBRARY: Final = Library()
add = LIBRARY.add


@add("get value", "m: context", "key: string")
@add("get value", "context: context", "key: string")
def get_value(_run: Run, context: dict[str, Value], key: str) -> Value:
    """Give an entry; null when there is none."""
    return context.get(key)


@add("get value", "m: context", "keys: list")
@add("get value", "context: context", "keys: list")
def get_nested_value(_run: Run, context: dict[str, Value], keys: list[Value]) -> Value:
    """Give an entry of an entry (Camunda)."""
    value: Value = context
    for key in keys:
        if type(value) is not dict or type(key) is not str:
            return None
        value = value.get(key)
    return value


@add("get entries", "m: context")
def get_entries(run: Run, context: dict[str, Value]) -> Value:
    """List the entries as contexts of ``key`` and ``value``."""
    run.spend_items(3 * len(context))
    return [{"key": key, "value": value} for key, value in context.items()]


@add("context", "entries: list")
def context_of(run: Run, entries: list[Value]) -> Value:
    """Make a context of contexts of ``key`` and ``value``."""
    run.spend_items(len(entries))
    made: dict[str, Value] = {}
    for entry in entries:
        if type(entry) is not dict or "value" not in entry:
            return BAD
        key = entry.get("key")
        if type(key) is not str or key in made:
            return BAD
        made[key] = entry["value"]
    return made


@add("context put", "context: context", "key: string", "value: any")
def context_put(run: Run, context: dict[str, Value], key: str, value: Value) -> Value:
    """Give a context with one entry set."""
    run.spend_items(len(context) + 1)
    return {**context, key: value}


@add("context put", "context: context", "keys: list", "value: any")
def context_put_nested(run: Run, context: dict[str, Value], keys: list[Value], value: Value) -> Value:
    """Give a context with one nested entry set; the contexts on the way must exist."""
    if not keys or type(keys[0]) is not str:
        return BAD
    below = value
    if len(keys) > 1:
        inner = context.get(keys[0])
        if type(inner) is not dict:
            return BAD
        below = context_put_nested(run, inner, keys[1:], value)
        if below is BAD:
            return BAD
    return context_put(run, context, keys[0], below)


@add("context merge", "contexts: list")
def context_merge(run: Run, contexts: list[Value]) -> Value:
    """Join a list of contexts; later entries win."""
    made: dict[str, Value] = {}
    for context in contexts:
        if type(context) is not dict:
            return BAD
        run.spend_items(len(context) + 1)
        made.update(context)
    return made


@add("is defined", "value: any")
def is_defined(_run: Run, value: Value) -> Value:
    """Tell whether there is a value that is not null (Camunda)."""
    return value is not None


@add("get or else", "value: any", "default: any")
def get_or_else(_run: Run, value: Value, default: Value) -> Value:
    """Give a value, or another one when it is null (Camunda)."""
    return default if value is None else value


@add("assert", "value: any", "condition: any", "cause: string?")
def assert_that(_run: Run, value: Value, condition: Value, cause: str | None = None) -> Value:
    """Give a value if a condition holds, else stop the evaluation with its cause (Camunda)."""
    if condition is True:
        return value
    raise FeelAssertion(cause or "")
