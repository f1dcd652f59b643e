"""Plays the conversations of a folder against one router and writes the transcripts as JSON.

    run.py --conversations FOLDER --places PLACES.json --out TRANSCRIPTS.json [--match TEXT] [--print]

PLACES maps `ws`, `raw`, `ws/auth`, … to `[host, port, path]`, with a folder of certificates behind that if TLS is spoken there;
`$NAME` in it comes from the environment. What OUT has already stays there.
"""

import argparse
import asyncio
import json
import os
import pathlib
import re
import sys
import time

import script

TRANSPORTS = ["ws-json", "raw-msgpack", "ws-cbor"]
CONVERSATION_DEADLINE = 60.0
SLOW = 4.0


def conversations(folder):
    """Every conversation, in the order of the files."""
    found = []
    for path in sorted(folder.glob("*.txt")):
        found += script.parse(path.read_text())
    names = [one.ident for one in found]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise SystemExit(f"these conversations have the same name: {sorted(twice)}")
    return found


async def play_all(found, places, match):
    """`{conversation: {transport: lines}}`."""
    transcripts = {}
    for one in found:
        if match and match not in one.ident:
            continue
        for transport in one.only or TRANSPORTS:
            player = script.Player(places, transport, one)
            started = time.monotonic()
            try:
                async with asyncio.timeout(CONVERSATION_DEADLINE):
                    lines = await player.play()
            except TimeoutError:
                lines = player.transcript.lines + ["  !! the conversation did not end"]
            except OSError as fault:
                lines = player.transcript.lines + [f"  !! {type(fault).__name__}"]
            transcripts.setdefault(one.ident, {})[transport] = lines
            if time.monotonic() - started > SLOW:
                sys.stderr.write(f"slow: {one.ident} [{transport}] {time.monotonic() - started:.1f} s\n")
    return transcripts


def read_places(path):
    text = re.sub(r"\"\$(\w+)\"", lambda name: os.environ[name[1]], path.read_text())
    return json.loads(text)


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--conversations", required=True, type=pathlib.Path)
    options.add_argument("--places", required=True, type=pathlib.Path)
    options.add_argument("--out", type=pathlib.Path)
    options.add_argument("--match")
    options.add_argument("--print", action="store_true")
    chosen = options.parse_args()
    found = conversations(chosen.conversations)
    transcripts = asyncio.run(play_all(found, read_places(chosen.places), chosen.match))
    if chosen.out:
        before = json.loads(chosen.out.read_text()) if chosen.out.exists() else {}
        if twice := before.keys() & transcripts.keys():
            raise SystemExit(f"these conversations have the same name: {sorted(twice)}")
        chosen.out.write_text(json.dumps(before | transcripts, indent=1, ensure_ascii=False))
    if chosen.print:
        for ident, by_transport in transcripts.items():
            for transport, lines in by_transport.items():
                sys.stdout.write("\n".join([f"# {ident} [{transport}]", *lines, "", ""]))


if __name__ == "__main__":
    main()
