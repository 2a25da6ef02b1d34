"""``python -m tests.feel_agreement``: what differs, and what the list does not say; with ``--write`` the list anew."""

import json
import sys

from tests.feel_agreement import corpus

UNEXPLAINED = "unexplained"


def main():
    found, listed = corpus.differences(), corpus.listed()
    reason_of = {name: code for code, names in listed["differences"].items() for name in names}
    new = {name: both for name, both in found.items() if name not in reason_of}
    gone = [name for name in reason_of if name not in found]
    print(
        f"{len(corpus.cases())} cases, {len(found)} differ: {len(new)} not listed, {len(gone)} listed but equal"
    )
    for name, both in new.items():
        print(
            f"  new: {name}\n       here {json.dumps(both['here'])}\n      there {json.dumps(both['there'])}"
        )
    for name in gone:
        print(f"  equal now: {name}")
    if "--write" in sys.argv:
        anew = {}
        for name, both in found.items():
            anew.setdefault(reason_of.get(name, UNEXPLAINED), {})[name] = both
        listed["differences"] = {
            code: anew[code] for code in [*listed["reasons"], UNEXPLAINED] if code in anew
        }
        text = json.dumps(listed, ensure_ascii=False, indent=1)
        corpus.DIFFERENCES.write_text(text + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
