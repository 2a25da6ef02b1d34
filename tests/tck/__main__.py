"""``python -m tests.tck``: figures of each level, and the cases that fail.

Comes in: the kit (environment variable ``GUICHET_TCK``). Goes out: ``level 2: P/N``, ``level 3: P/N``, failing
cases with their reasons. It exits 1 when a case outside the written exclusions fails. Next: ``exclusions.json``.
"""

from __future__ import annotations

import sys
from collections import Counter

from tests.tck import cases, running


def main() -> int:
    path = cases.archive()
    if not path.exists():
        print(f"The DMN TCK is not at {path}. Set GUICHET_TCK to its zip archive.")
        return 2
    only = sys.argv[1:]
    passed: Counter[int] = Counter()
    total: Counter[int] = Counter()
    excluded = running.exclusions()
    unexpected = 0
    for suite in cases.suites(path):
        if only and not any(word in suite.folder for word in only):
            continue
        for verdict in running.run(suite):
            total[verdict.level] += 1
            passed[verdict.level] += verdict.passed
            if not verdict.passed:
                reason = excluded.get(verdict.key)
                unexpected += reason is None
                print(f"  {verdict.key}: {verdict.why}" + (f" [excluded: {reason}]" if reason else ""))
    for level in sorted(total):
        print(f"level {level}: {passed[level]}/{total[level]}")
    return 1 if unexpected else 0


if __name__ == "__main__":
    sys.exit(main())
