"""Plays all conversations against one router and writes the transcripts as JSON.

    run.py --places PLACES.json --out TRANSCRIPTS.json [--match TEXT] [--print]

PLACES maps `ws`, `raw`, `ws/auth`, … to `[host, port, path]`.
"""

import argparse
import asyncio
import json
import pathlib
import sys
import time

import script

HERE = pathlib.Path(__file__).parent
TRANSPORTS = ["ws-json", "raw-msgpack", "ws-cbor"]
CONVERSATION_DEADLINE = 60.0
SLOW = 4.0


def conversations():
    """Every conversation, in the order of the files."""
    found = []
    for path in sorted((HERE / "conversations").glob("*.txt")):
        found += script.parse(path.read_text())
    names = [one.ident for one in found]
    twice = {name for name in names if names.count(name) > 1}
    if twice:
        raise SystemExit(f"these conversations have the same name: {sorted(twice)}")
    return found


async def play_all(places, match):
    """`{conversation: {transport: lines}}`."""
    transcripts = {}
    for one in conversations():
        if match and match not in one.ident:
            continue
        for transport in one.only or TRANSPORTS:
            player = script.Player(places, transport, one)
            started = time.monotonic()
            try:
                async with asyncio.timeout(CONVERSATION_DEADLINE):
                    lines = await player.play()
            except TimeoutError:
                lines = player.lines + ["  !! the conversation did not end"]
            except OSError as fault:
                lines = player.lines + [f"  !! {type(fault).__name__}"]
            transcripts.setdefault(one.ident, {})[transport] = lines
            if time.monotonic() - started > SLOW:
                sys.stderr.write(f"slow: {one.ident} [{transport}] {time.monotonic() - started:.1f} s\n")
    return transcripts


def main():
    options = argparse.ArgumentParser()
    options.add_argument("--places", required=True)
    options.add_argument("--out")
    options.add_argument("--match")
    options.add_argument("--print", action="store_true")
    chosen = options.parse_args()
    places = json.loads(pathlib.Path(chosen.places).read_text())
    transcripts = asyncio.run(play_all(places, chosen.match))
    if chosen.out:
        pathlib.Path(chosen.out).write_text(json.dumps(transcripts, indent=1, ensure_ascii=False))
    if chosen.print:
        for ident, by_transport in transcripts.items():
            for transport, lines in by_transport.items():
                sys.stdout.write("\n".join([f"# {ident} [{transport}]", *lines, "", ""]))


if __name__ == "__main__":
    main()
