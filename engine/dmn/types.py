"""The types of a model: what a value must be, and how it is converted.

Comes in: item definitions and names of types. Goes out: ``TypeBook``, which converts values as DMN 1.5, 10.3.2.9.4
says (singleton list and item, date and date-time) and tests allowed values. It never raises for a value that does
not fit: that is ``MISSING``, which the caller turns into null and a warning. Next: ``engine/dmn/program.py``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from types import MappingProxyType
from typing import Final, Protocol

from engine.dmn.model import ItemDefinition, Text
from engine.feel.run import Run
from engine.feel.values import (
    CONTEXT_KIND,
    DATE_TIME,
    DAYS,
    FUNCTION,
    LIST,
    MISSING,
    MONTHS,
    RANGE,
    Value,
    kind,
)

#: Tests a value: true, false, or null when the tests do not apply to it.
Test = Callable[[Value, Run], "bool | None"]

#: Written names of the built-in types (DMN 1.5, table 48; older spellings of XML Schema beside them).
BUILT_IN: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        **{
            name: frozenset({name})
            for name in ("number", "string", "boolean", "date", "time", DATE_TIME, DAYS, MONTHS)
        },
        **{name: frozenset({name}) for name in (LIST, CONTEXT_KIND, FUNCTION, RANGE)},
        "dateTime": frozenset({DATE_TIME}),
        "dayTimeDuration": frozenset({DAYS}),
        "yearMonthDuration": frozenset({MONTHS}),
        "duration": frozenset({DAYS, MONTHS}),
        "Null": frozenset({"null"}),
    }
)
_BRIEF: Final = 60
ANYTHING_NAMES: Final = frozenset({"Any", "any"})


class Type(Protocol):
    """What a value must be."""

    @property
    def title(self) -> str:
        """Its name, for warnings."""
        ...

    @property
    def is_list(self) -> bool:
        """Its values are lists."""
        ...

    def coerce(self, value: Value, run: Run) -> Value:
        """Convert a value; ``MISSING`` when it does not fit. Null always fits."""
        ...

    def holds(self, value: Value) -> bool:
        """Tell whether a value is an instance, without converting it (``instance of``)."""
        ...


@dataclass(frozen=True, slots=True)
class Anything:
    """Every value fits."""

    is_list: bool = False
    title: str = "Any"

    def coerce(self, value: Value, run: Run) -> Value:  # noqa: ARG002 - part of the protocol
        """Return the value."""
        return value

    def holds(self, value: Value) -> bool:
        """Everything but null is an instance."""
        return value is not None


@dataclass(frozen=True, slots=True)
class Simple:
    """A built-in type."""

    kinds: frozenset[str]

    @property
    def title(self) -> str:
        """Name the kinds."""
        return " / ".join(sorted(self.kinds))

    @property
    def is_list(self) -> bool:
        """The type is ``list``."""
        return LIST in self.kinds

    def coerce(self, value: Value, run: Run) -> Value:  # noqa: ARG002 - part of the protocol
        """Convert a singleton list to its item, an item to a list, a date to its midnight in UTC."""
        if type(value) is list and len(value) == 1 and not self.is_list:
            value = value[0]  # once: a list in a list is no singleton (TCK 0082, invoke_005)
        if value is None or kind(value) in self.kinds:
            return value
        if self.is_list:
            return [value]
        if type(value) is date and DATE_TIME in self.kinds:
            return datetime(value.year, value.month, value.day, tzinfo=UTC)
        return MISSING

    def holds(self, value: Value) -> bool:
        """Tell whether the value is of this kind."""
        return kind(value) in self.kinds


@dataclass(frozen=True, slots=True)
class Record:
    """A context with known components; others may stand beside them."""

    components: tuple[tuple[str, Type], ...]
    is_list: bool = False

    @property
    def title(self) -> str:
        """Name the components."""
        return "{" + ", ".join(f"{name}: {component.title}" for name, component in self.components) + "}"

    def coerce(self, value: Value, run: Run) -> Value:
        """Convert each component; a missing one does not fit."""
        if type(value) is list and len(value) == 1:
            value = value[0]
        if value is None:
            return None
        if type(value) is not dict:
            return MISSING
        made = dict(value)
        for name, component in self.components:
            found = component.coerce(value.get(name, MISSING), run) if name in value else MISSING
            if found is MISSING:
                return MISSING
            made[name] = found
        return made

    def holds(self, value: Value) -> bool:
        """Tell whether every component is there, null or an instance."""
        return type(value) is dict and all(
            name in value and (value[name] is None or component.holds(value[name]))
            for name, component in self.components
        )


@dataclass(frozen=True, slots=True)
class Collection:
    """A list of one type."""

    of: Type
    is_list: bool = True

    @property
    def title(self) -> str:
        """Name the type of the items."""
        return f"list<{self.of.title}>"

    def coerce(self, value: Value, run: Run) -> Value:
        """Convert each item; a single value becomes a list of one."""
        if value is None:
            return None
        items = value if type(value) is list else [value]
        run.spend(len(items))
        made = []
        for item in items:
            found = self.of.coerce(item, run)
            if found is MISSING:
                return MISSING
            made.append(found)
        return made

    def holds(self, value: Value) -> bool:
        """Tell whether it is a list whose items are null or instances."""
        return type(value) is list and all(item is None or self.of.holds(item) for item in value)


@dataclass(frozen=True, slots=True)
class FunctionOf:
    """A function; ``result`` is the type of what it gives."""

    result: Type
    is_list: bool = False
    title: str = FUNCTION

    def coerce(self, value: Value, run: Run) -> Value:  # noqa: ARG002 - part of the protocol
        """Let functions pass."""
        return value if value is None or kind(value) == FUNCTION else MISSING

    def holds(self, value: Value) -> bool:
        """Tell whether it is a function."""
        return kind(value) == FUNCTION


@dataclass(frozen=True, slots=True)
class Constrained:
    """A type with allowed values, or a constraint on the value as a whole."""

    base: Type
    test: Test
    each: bool
    written: str = ""

    @property
    def title(self) -> str:
        """Name the base and what is allowed."""
        return f"{self.base.title} ({self.written})"

    @property
    def is_list(self) -> bool:
        """The base's values are lists."""
        return self.base.is_list

    def coerce(self, value: Value, run: Run) -> Value:
        """Convert, then test; ``each``: every item of a list is tested (allowed values)."""
        made = self.base.coerce(value, run)
        if made is None or made is MISSING:
            return made
        values = made if self.each and type(made) is list else [made]
        return made if all(self.test(item, run) is True for item in values) else MISSING

    def holds(self, value: Value) -> bool:
        """Tell whether it is an instance of the base: allowed values do not make another type."""
        return self.base.holds(value)


@dataclass(slots=True)
class Named:
    """A type found when it is first used, so that a type may contain itself."""

    title: str
    find: Callable[[], Type]
    found: Type | None = None

    @property
    def type(self) -> Type:
        """The type behind the name."""
        if self.found is None:
            self.found = self.find()
        return self.found

    @property
    def is_list(self) -> bool:
        """The type's values are lists."""
        return self.type.is_list

    def coerce(self, value: Value, run: Run) -> Value:
        """Convert as the type behind the name does."""
        return self.type.coerce(value, run)

    def holds(self, value: Value) -> bool:
        """Tell whether the value is an instance of the type behind the name."""
        return self.type.holds(value)


def _brief(text: Text) -> str:
    """Write allowed values on one line, cut when they are many."""
    line = " ".join(text.text.split())
    return line if len(line) <= _BRIEF else line[: _BRIEF - 1] + "…"


def circular(definitions: Mapping[str, ItemDefinition]) -> frozenset[str]:
    """Return the names of types that are aliases of themselves: no value could ever have such a type."""
    found = set()
    for start in definitions:
        passed: list[str] = []
        name: str | None = start
        while name is not None and name in definitions and name not in passed:
            passed.append(name)
            name = definitions[name].type_ref if not definitions[name].components else None
        if name is not None and name in passed:
            found.update(passed[passed.index(name) :])
    return frozenset(found)


@dataclass(slots=True)
class TypeBook:
    """The types that a model's texts may name.

    Attributes:
        definitions: the model's own item definitions.
        imports: name of each import to its book.
        compile_tests: turns allowed values into a test.
    """

    definitions: Mapping[str, ItemDefinition]
    imports: Mapping[str, TypeBook]
    compile_tests: Callable[[Text], Test]
    made: dict[str, Type] = field(default_factory=dict)

    def get(self, name: str) -> Type | None:
        """Return the type of that name (None: there is none)."""
        if name in self.made:
            return self.made[name]
        definition = self.definitions.get(name)
        if definition is not None:
            made: Type = Anything() if name in circular(self.definitions) else self._made(definition)
            self.made[name] = made
            return made
        if name in BUILT_IN:
            return Simple(BUILT_IN[name])
        if name in ANYTHING_NAMES:
            return Anything()
        prefix, dot, rest = name.partition(".")
        while dot:
            if prefix in self.imports:
                return self.imports[prefix].get(rest)
            more, dot, rest = rest.partition(".")
            prefix = f"{prefix}.{more}"
        return None

    def of(self, name: str | None) -> Type | None:
        """Return the type to convert to: None when there is nothing to convert (no type, any, unknown)."""
        found = None if name is None else self.get(name)
        return None if isinstance(found, Anything) else found

    def result_of(self, name: str | None) -> Type | None:
        """Return the type that a call gives, when a function's variable names a function type."""
        found = self.of(name)
        if isinstance(found, Named):
            found = found.type
        if isinstance(found, FunctionOf):
            return None if isinstance(found.result, Anything) else found.result
        return found

    def allowed_of(self, name: str | None, component: str | None = None) -> Text | None:
        """Return the allowed values that a type, an alias of it, or one of its components, lists."""
        passed: set[str] = set()
        while name is not None and name not in passed:
            passed.add(name)
            definition = self.definitions.get(name)
            if definition is None:
                prefix, _, rest = name.partition(".")
                return self.imports[prefix].allowed_of(rest, component) if prefix in self.imports else None
            if component is not None:
                part = next((part for part in definition.components if part.name == component), None)
                if part is not None:
                    return part.allowed or self.allowed_of(part.type_ref)
            elif definition.allowed is not None:
                return definition.allowed
            name = definition.type_ref
        return None

    def _made(self, definition: ItemDefinition) -> Type:
        made: Type
        if definition.function is not None:
            made = FunctionOf(self._reference(definition.function.output))
        elif definition.components:
            made = Record(tuple((part.name, self._made(part)) for part in definition.components))
        elif definition.type_ref is None:
            made = Anything()
        else:
            made = self._reference(definition.type_ref)
        if definition.allowed is not None:
            made = Constrained(made, self.compile_tests(definition.allowed), True, _brief(definition.allowed))
        if definition.is_collection:
            made = Collection(made)
        if definition.constraint is not None:
            made = Constrained(
                made, self.compile_tests(definition.constraint), False, _brief(definition.constraint)
            )
        return made

    def _reference(self, name: str | None) -> Type:
        if name is None or name in ANYTHING_NAMES:
            return Anything()
        if name in BUILT_IN and name not in self.definitions:
            return Simple(BUILT_IN[name])
        return Named(name, lambda: self.get(name) or Anything())
