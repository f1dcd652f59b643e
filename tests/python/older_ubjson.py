"""Autobahn|Python with UBJSON as it wrote it before 26.6, where a transport serves that.

    older_ubjson.py asyncio|twisted PLACES.json

Prints a line for each check that fails, then `N passed, N failed`.
"""

import json
import pathlib
import sys

# The framework is chosen there, before anything of Autobahn is loaded.
from peer import LOOP, Checks, endpoint, equal, joined, with_two

import ubjson
from autobahn.wamp import serializer
from clients import PAIRS

NEWER = serializer.ubjson
VALUES = [None, True, -1, 255, 256, 65536, 2**31, 2**53, 0.5, "", "h\u00e9", [1, [2]], {"a": {"b": None}}, b"\x00\xff"]


async def f04_octets_of_the_older_variant(transport):
    """Both packages are loaded, and what differs between them differs here."""
    equal(NEWER.dumpb(300) == ubjson.dumpb(300), False)
    session = await joined(transport)
    equal(session._transport._serializer._serializer.serialize([300]), ubjson.dumpb([300]))
    await LOOP.within(session.leave())


async def f06_values_from_another_serializer(older, newer):
    caller, callee = await joined(older), await joined(newer)
    await LOOP.within(callee.register(lambda value: value, "com.client.mirror"))
    for value in VALUES:
        equal(await LOOP.within(caller.call("com.client.mirror", value)), value)
    for session in (caller, callee):
        await LOOP.within(session.leave())


async def main():
    places = json.loads(pathlib.Path(sys.argv[2]).read_text())
    serializer.ubjson = ubjson
    checks = Checks()
    for kind in ("ws", "raw"):
        transport = endpoint(kind, "ubjson", places[f"older/{kind}"])
        await checks.hold(f"older {kind} octets", f04_octets_of_the_older_variant(transport))
        for check in PAIRS:
            await checks.hold(f"older {kind} {check.__name__}", with_two(check, transport))
        for other in ("json", "msgpack", "cbor"):
            newer = endpoint(kind, other, places[f"init/{kind}"])
            check = f06_values_from_another_serializer(transport, newer)
            await checks.hold(f"older {kind} with {other}", check)
    sys.stdout.write(f"{checks.passed} passed, {checks.failed} failed\n")


if __name__ == "__main__":
    LOOP.run(main)
