"""Compares two routers' transcripts with the list of known differences.

    compare.py ORACLE.json OURS.json DIFFERENCES.md [--compat] [--show TEXT]

Every conversation that differs must be a row of a table in DIFFERENCES.md (its first cell is the conversation in
backticks), and every row must differ. The last line says how many conversations were as they should be.
"""

import argparse
import difflib
import json
import pathlib
import re
import sys


COMPAT = "(`compat: crossbar` as there)"


def listed(text, compat):
    """The conversations named in the first cells of the tables; with `compat` those that differ even so."""
    rows = re.findall(r"^\| `([^`]+)` \| (.*) \|$", text, re.MULTILINE)
    return [ident for ident, why in rows if not (compat and why.endswith(COMPAT))]


def differing(oracle, ours):
    """`{conversation: diff of the first transport that differs}`."""
    found = {}
    for ident, by_transport in oracle.items():
        for transport, lines in by_transport.items():
            other = ours.get(ident, {}).get(transport, ["  !! not played"])
            if lines != other and ident not in found:
                diff = difflib.unified_diff(lines, other, "Crossbar.io", f"ours [{transport}]", "", "", 99, "")
                found[ident] = "\n".join(diff)
    return found


def main():
    options = argparse.ArgumentParser()
    options.add_argument("oracle", type=pathlib.Path)
    options.add_argument("ours", type=pathlib.Path)
    options.add_argument("differences", type=pathlib.Path)
    options.add_argument("--compat", action="store_true", help="ours ran with `compat: crossbar`")
    options.add_argument("--show", help="print the differences of the conversations whose name has this in it")
    chosen = options.parse_args()
    oracle = json.loads(chosen.oracle.read_text())
    ours = json.loads(chosen.ours.read_text())
    known = listed(chosen.differences.read_text(), chosen.compat)
    found = differing(oracle, ours)
    if chosen.show is not None:
        for ident, diff in found.items():
            if chosen.show in ident:
                sys.stdout.write(f"# {ident}\n{diff}\n\n")
        return
    faults = [f"listed but not played: {ident}" for ident in known if ident not in oracle]
    faults += [f"listed twice: {ident}" for ident in sorted({one for one in known if known.count(one) > 1})]
    faults += [f"listed but the same: {ident}" for ident in known if ident in oracle and ident not in found]
    faults += [f"not listed: {ident}\n{diff}" for ident, diff in found.items() if ident not in known]
    for fault in faults:
        sys.stdout.write(f"{fault}\n")
    sys.stdout.write(f"{len(oracle) - min(len(faults), len(oracle))} passed, {len(faults)} failed\n")
    sys.exit(1 if faults else 0)


if __name__ == "__main__":
    main()
