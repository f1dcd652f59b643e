"""Judges the reports of the Autobahn test suite.

    judge.py INDEX.json …

A case passes with OK or INFORMATIONAL, or with NON-STRICT where the suite itself allows it (it then says that the peer
failed as it should, only later than it could have); how the connection was closed must be right as well.
"""

import json
import pathlib
import sys

GOOD = {"OK", "INFORMATIONAL", "NON-STRICT"}
FEWEST = 463


def main():
    cases = {}
    for report in sys.argv[1:]:
        cases |= json.loads(pathlib.Path(report).read_text())["testee"]
    bad = 0
    for name, case in sorted(cases.items(), key=lambda item: [int(part) for part in item[0].split(".")]):
        if case["behavior"] not in GOOD or case["behaviorClose"] not in GOOD:
            bad += 1
            sys.stdout.write(f"case {name}: {case['behavior']}, closed {case['behaviorClose']}\n")
    if len(cases) < FEWEST:
        bad += 1
        sys.stdout.write(f"only {len(cases)} cases were run\n")
    sys.stdout.write(f"{len(cases) - min(bad, len(cases))} passed, {bad} failed\n")
    sys.exit(1 if bad else 0)


if __name__ == "__main__":
    main()
