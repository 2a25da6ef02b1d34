"""Small DMN models, drawn in a line or two.

Comes in: decisions, tables and types as Python. Goes out: DMN 1.5 XML, or the model read from it. It never checks
what it draws: drawing nonsense is what some tests need. Next: ``tests/unit/test_dmn_tables.py``.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from engine import dmn

NOW = datetime(2026, 11, 21, 9, 0, tzinfo=UTC)
DMN_15 = "https://www.omg.org/spec/DMN/20230324/MODEL/"


def definitions(*parts: str, namespace: str = "town", version: str = DMN_15) -> bytes:
    return (
        f'<definitions xmlns="{version}" id="m" name="model" namespace="{namespace}">{"".join(parts)}</definitions>'
    ).encode()


def read(*parts: str, **facts: Any) -> dmn.Model:
    return dmn.read(definitions(*parts, **facts), name="model.dmn")


def given(name: str, type_ref: str = "") -> str:
    return f'<inputData id="i_{_plain(name)}" name={quoteattr(name)}>{_variable(name, type_ref)}</inputData>'


def decision(
    name: str, logic: str = "", *, needs: Iterable[str] = (), type_ref: str = "", element: str = ""
) -> str:
    """Draw a decision; ``needs`` are ids: ``i_…`` input data, ``b_…`` knowledge, others decisions."""
    arrows = "".join(_arrow(target) for target in needs)
    return (
        f'<decision id="{element or "d_" + _plain(name)}" name={quoteattr(name)}>'
        f"{_variable(name, type_ref)}{arrows}{logic}</decision>"
    )


def knowledge(
    name: str, parameters: Sequence[str], body: str, *, needs: Iterable[str] = (), type_ref: str = ""
) -> str:
    drawn = "".join(f'<formalParameter name="{each}"/>' for each in parameters)
    return (
        f'<businessKnowledgeModel id="b_{_plain(name)}" name={quoteattr(name)}>{_variable(name, type_ref)}'
        f"<encapsulatedLogic>{drawn}{body}</encapsulatedLogic>"
        f"{''.join(_arrow(target) for target in needs)}</businessKnowledgeModel>"
    )


def feel(text: str, type_ref: str = "") -> str:
    promised = f' typeRef="{type_ref}"' if type_ref else ""
    return f"<literalExpression{promised}><text>{escape(text)}</text></literalExpression>"


def table(
    inputs: Sequence[str | tuple[str, str] | tuple[str, str, str]],
    outputs: Sequence[str | tuple[str, str] | tuple[str, str, str]],
    *rules: Sequence[str],
    hit: str = "UNIQUE",
    aggregation: str = "",
    defaults: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> str:
    """Draw a table; a column is its expression or name, then its type, then its allowed values."""
    columns = "".join(_input(*_three(each)) for each in inputs)
    conclusions = "".join(
        _output(*_three(each), default=defaults[at] if at < len(defaults) else "")
        for at, each in enumerate(outputs)
    )
    rows = "".join(
        _rule(number, rule, len(inputs), notes[number - 1] if number <= len(notes) else "")
        for number, rule in enumerate(rules, 1)
    )
    how = f' aggregation="{aggregation}"' if aggregation else ""
    told = '<annotation name="Why"/>' if notes else ""
    return (
        f'<decisionTable id="table" hitPolicy="{hit}"{how}>{columns}{conclusions}{told}{rows}</decisionTable>'
    )


def item(
    name: str, type_ref: str = "", *, allowed: str = "", parts: str = "", many: bool = False, tag: str = ""
) -> str:
    tag = tag or "itemDefinition"
    inner = f"<typeRef>{type_ref}</typeRef>" if type_ref else ""
    inner += f"<allowedValues><text>{escape(allowed)}</text></allowedValues>" if allowed else ""
    return f'<{tag} name="{name}" isCollection="{str(many).lower()}">{inner}{parts}</{tag}>'


def component(name: str, type_ref: str) -> str:
    return item(name, type_ref, tag="itemComponent")


def decide(model: dmn.Model, name: str, **variables: Any) -> Any:
    return dmn.evaluate(model, name, variables, now=NOW).value


def value_of(logic: str, *parts: str, type_ref: str = "", **variables: Any) -> Any:
    """Evaluate logic in a decision of its own, with all variables as free ones."""
    return decide(read(decision("answer", logic, type_ref=type_ref), *parts), "answer", **variables)


def codes(model: dmn.Model) -> list[str]:
    return [problem.code for problem in dmn.check(model)]


def _plain(name: str) -> str:
    return name.replace(" ", "_")


def _variable(name: str, type_ref: str) -> str:
    promised = f' typeRef="{type_ref}"' if type_ref else ""
    return f"<variable name={quoteattr(name)}{promised}/>"


def _arrow(target: str) -> str:
    last = target.rpartition("#")[2]
    kind, end = "information", "Decision"
    if last.startswith("i_"):
        end = "Input"
    elif last.startswith(("b_", "s_")):
        kind, end = "knowledge", "Knowledge"
    href = target if "#" in target else f"#{target}"
    return f'<{kind}Requirement><required{end} href="{href}"/></{kind}Requirement>'


def _three(column: str | Sequence[str]) -> tuple[str, str, str]:
    written = (column,) if isinstance(column, str) else tuple(column)
    text, type_ref, allowed = (*written, "", "")[:3]
    return text, type_ref, allowed


def _input(text: str, type_ref: str, allowed: str) -> str:
    promised = f' typeRef="{type_ref}"' if type_ref else ""
    values = f"<inputValues><text>{escape(allowed)}</text></inputValues>" if allowed else ""
    return f"<input><inputExpression{promised}><text>{escape(text)}</text></inputExpression>{values}</input>"


def _output(name: str, type_ref: str, allowed: str, *, default: str) -> str:
    promised = f' typeRef="{type_ref}"' if type_ref else ""
    values = f"<outputValues><text>{escape(allowed)}</text></outputValues>" if allowed else ""
    values += f"<defaultOutputEntry><text>{escape(default)}</text></defaultOutputEntry>" if default else ""
    named = f" name={quoteattr(name)}" if name else ""
    return f"<output{named}{promised}>{values}</output>"


def _rule(number: int, cells: Sequence[str], inputs: int, note: str) -> str:
    drawn = "".join(
        f"<{'inputEntry' if at < inputs else 'outputEntry'}><text>{escape(cell)}</text>"
        f"</{'inputEntry' if at < inputs else 'outputEntry'}>"
        for at, cell in enumerate(cells)
    )
    noted = f"<annotationEntry><text>{escape(note)}</text></annotationEntry>" if note else ""
    return f'<rule id="r{number}">{drawn}{noted}</rule>'
