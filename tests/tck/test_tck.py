"""The DMN Technology Compatibility Kit, as a gate: no case outside the written exclusions fails."""

from __future__ import annotations

from collections import Counter

import pytest

from tests.tck import cases, running


@pytest.fixture(scope="module")
def verdicts():
    path = cases.archive()
    if not path.exists():
        pytest.skip(f"The DMN TCK is not at {path}: set GUICHET_TCK to its zip archive.")
    return [verdict for suite in cases.suites(path) for verdict in running.run(suite)]


def test_every_case_outside_the_exclusions_passes(verdicts):
    excluded = running.exclusions()
    failing = [f"{each.key}: {each.why}" for each in verdicts if not each.passed and each.key not in excluded]
    assert failing == []


def test_no_exclusion_has_become_needless(verdicts):
    failing = {each.key for each in verdicts if not each.passed}
    assert sorted(running.exclusions().keys() - failing) == []


def test_the_whole_kit_was_run(verdicts):
    assert Counter(each.level for each in verdicts) == {2: 116, 3: 3275}
