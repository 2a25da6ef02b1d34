"""Broken expressions, thousands of them: whatever a text is, it is refused or evaluated, never anything else."""

import os
import random
from datetime import UTC, datetime
from time import monotonic

from engine import feel
from engine.errors import EngineError
from engine.feel.lexer import tokens
from tests.feel_corpus import CELLS, EXPRESSIONS, VARIABLES

SECONDS = float(os.environ.get("GUICHET_FUZZ_SECONDS", "3"))
SEED = int(os.environ.get("GUICHET_FUZZ_SEED", "7"))
AT = datetime(2026, 11, 21, 8, tzinfo=UTC)
SEEDS = [[token.text for token in tokens(text)[:-1]] for text in EXPRESSIONS + CELLS]
POOL = [word for seed in SEEDS for word in seed]


def mutated(chance):
    """Take a seed, and drop, add or graft a few tokens."""
    words = list(chance.choice(SEEDS))
    for _ in range(chance.randint(1, 4)):
        what, at = chance.random(), chance.randrange(len(words) + 1)
        if what < 0.35 and words:
            words.pop(min(at, len(words) - 1))
        elif what < 0.8:
            words.insert(at, chance.choice(POOL))
        else:
            other = chance.choice(SEEDS)
            words = words[:at] + other[chance.randrange(len(other) + 1) :]
    return " ".join(words)


def check_refusal(error, text):
    assert 0 <= error.position <= len(text)
    assert error.describe("fr") != error.describe("en")


def attempt(text, kind):
    """Compile and evaluate ``text``; say what happened."""
    try:
        compiled = feel.compile(text, kind)
    except feel.FeelSyntaxError as error:
        check_refusal(error, text)
        return "refused"
    printed = feel.print_tree(compiled.tree)
    assert feel.compile(printed, kind).tree == compiled.tree, (text, printed)
    try:
        if kind == "expression":
            result = compiled.eval(VARIABLES, now=AT, zone="Europe/Brussels")
        else:
            result = compiled.test(7, VARIABLES, now=AT, zone="Europe/Brussels")
    except EngineError:
        return "stopped"
    for warning in result.warnings:
        assert warning.describe("fr")
    return "evaluated"


def test_a_broken_expression_never_raises_anything_but_a_typed_error():
    chance = random.Random(SEED)
    happened = {"refused": 0, "stopped": 0, "evaluated": 0}
    end = monotonic() + SECONDS
    while monotonic() < end:
        text = mutated(chance)
        kind = "expression" if chance.random() < 0.8 else "unary-tests"
        try:
            happened[attempt(text, kind)] += 1
        except Exception as error:
            raise AssertionError(f"{text!r} as {kind} (seed {SEED}) raised {error!r}") from error
    assert happened["refused"] > 0
    assert happened["evaluated"] > 0
