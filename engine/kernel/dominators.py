"""Which element every path to another must go through.

Comes in: a graph of names. Goes out: for each name its nearest dominator. It knows nothing of BPMN. Next:
``engine/kernel/paths.py``.
"""

from __future__ import annotations

Graph = dict[str, list[str]]


def backwards(steps: Graph) -> Graph:
    """Return from where a token may come to each element."""
    before: Graph = {}
    for name, following in steps.items():
        for target in following:
            before.setdefault(target, []).append(name)
    return before


def leading(name: str, stops: set[str], before: Graph) -> set[str]:
    """Return the elements that lead to ``name``, itself among them, without passing ``stops``."""
    seen: set[str] = set()
    stack = [name]
    while stack:
        current = stack.pop()
        if current not in seen and current not in stops:
            seen.add(current)
            stack.extend(before.get(current, ()))
    return seen


def postorder(root: str, steps: Graph) -> list[str]:
    """Return what can be reached from ``root``, each name behind those it leads to; ``root`` is the last."""
    order: list[str] = []
    seen = {root}
    stack = [(root, iter(steps[root]))]
    while stack:
        name, following = stack[-1]
        for target in following:
            if target not in seen:
                seen.add(target)
                stack.append((target, iter(steps[target])))
                break
        else:
            order.append(name)
            stack.pop()
    return order


def nearest(order: list[str], number: dict[str, int], before: Graph) -> dict[str, str]:
    """Return for each element the nearest one through which every path to it goes.

    Cooper, Harvey and Kennedy, "A Simple, Fast Dominance Algorithm", 2001: near-linear on drawings, so that a
    hostile file cannot make the check slow.

    Args:
        order: the elements in postorder, the process last; number: the place of each.
    """
    found = {order[-1]: order[-1]}
    changed = True
    while changed:
        changed = False
        for name in reversed(order[:-1]):
            near = ""
            for other in before[name]:
                if other in found:
                    near = other if not near else _meet(near, other, found, number)
            if found.get(name) != near:
                found[name] = near
                changed = True
    return found


def _meet(one: str, other: str, found: dict[str, str], number: dict[str, int]) -> str:
    while one != other:
        while number[one] < number[other]:
            one = found[one]
        while number[other] < number[one]:
            other = found[other]
    return one
