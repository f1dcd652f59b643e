"""Autobahn|Python in a realm that holds arguments to types, in every serializer.

    validation.py asyncio|twisted PLACES.json

Prints a line for each check that fails, then `N passed, N failed`.
"""

import json
import pathlib
import sys

# The framework is chosen there, before anything of Autobahn is loaded.
from peer import LOOP, ApplicationError, Checks, Inbox, endpoint, equal, fails, joined

from autobahn.wamp.types import CallOptions, PublishOptions, RegisterOptions

UNFIT = ApplicationError.INVALID_ARGUMENT


async def z04_arguments_of_calls(caller, callee):
    await LOOP.within(callee.register(lambda *args: "ok", "com.typed.card"))
    equal(await LOOP.within(caller.call("com.typed.card", "4711", True)), "ok")
    raised = await fails(caller.call("com.typed.card", 4711, True), UNFIT)
    told = 'the arguments of the call do not fit "shop.Card": number: expected a string, found integer'
    equal(list(raised.args), [told])
    for args, kwargs in ((("4711",), {}), (("4711", 1), {}), (("4711", True, 1), {}), (("4711", True), {"a": 1})):
        await fails(caller.call("com.typed.card", *args, **kwargs), UNFIT)


async def z04_tables_in_arguments(caller, callee):
    await LOOP.within(callee.register(lambda item: item, "com.typed.more"))
    item = {
        "name": "h\u00e9",
        "count": 65535,
        "size": 9,
        "marks": 3,
        "tags": ["a", "b"],
        "picture": b"\x00\xff",
        "at": {"x": 0.5, "y": 2.0},
        "weight": 1.5,
        "parts": [{"name": "part", "at": [1.0, 2.0]}],
    }
    equal(await LOOP.within(caller.call("com.typed.more", item)), item)
    for key, value in (("name", None), ("count", 65536), ("size", 3), ("tags", ["a", 1]), ("at", [1.0]), ("other", 1)):
        await fails(caller.call("com.typed.more", item | {key: value}), UNFIT)


async def z04_keyword_arguments(caller, callee):
    await LOOP.within(callee.register(lambda *args, **kwargs: kwargs, "com.typed.order"))
    order = (7, {"name": "cup"})
    equal(await LOOP.within(caller.call("com.typed.order", *order, clerk="eve", note=None)), {"clerk": "eve", "note": None})
    for kwargs in ({}, {"clerk": "e v e"}, {"clerk": "eve", "note": 1}, {"clerk": "eve", "urgent": "yes"}):
        await fails(caller.call("com.typed.order", *order, **kwargs), UNFIT)


async def z04_results_and_errors(caller, callee):
    def answer(number, good):
        if number == "fail":
            raise ApplicationError("com.typed.failed", "why" if good else 17)
        return "ok" if good else 17

    await LOOP.within(callee.register(answer, "com.typed.card"))
    equal(await LOOP.within(caller.call("com.typed.card", "pass", True)), "ok")
    await fails(caller.call("com.typed.card", "pass", False), UNFIT)
    await fails(caller.call("com.typed.card", "fail", True), "com.typed.failed")
    await fails(caller.call("com.typed.card", "fail", False), UNFIT)


async def z04_progress(caller, callee):
    def count(step, details=None):
        details.progress(step)
        return "done"

    await LOOP.within(callee.register(count, "com.typed.progress", RegisterOptions(details_arg="details")))
    got = []
    options = CallOptions(on_progress=got.append)
    equal(await LOOP.within(caller.call("com.typed.progress", 50, options=options)), "done")
    await fails(caller.call("com.typed.progress", 256, options=options), UNFIT)
    equal(await LOOP.within(caller.call("com.typed.progress", 51, options=options)), "done")
    equal(got, [50, 51])


async def z04_events(publisher, subscriber):
    inbox = Inbox()
    await LOOP.within(subscriber.subscribe(inbox.put, "com.typed.cash"))
    acknowledge = PublishOptions(acknowledge=True)
    publisher.publish("com.typed.cash", "5")
    await fails(publisher.publish("com.typed.cash", -5, options=acknowledge), UNFIT)
    await LOOP.within(publisher.publish("com.typed.cash", 5, options=acknowledge))
    equal(await inbox.take(), 5)


CHECKS = [
    z04_arguments_of_calls,
    z04_tables_in_arguments,
    z04_keyword_arguments,
    z04_results_and_errors,
    z04_progress,
    z04_events,
]
PAIRS = [("json", "json"), ("msgpack", "cbor"), ("cbor", "json"), ("ubjson", "msgpack"), ("json", "ubjson")]


async def between(check, here, there):
    """Runs a check with two sessions that leave afterwards."""
    one, two = await joined(here, realm="typed"), await joined(there, realm="typed")
    try:
        await check(one, two)
    finally:
        for session in (one, two):
            if session.is_attached():
                await LOOP.within(session.leave())


async def main():
    places = json.loads(pathlib.Path(sys.argv[2]).read_text())
    checks = Checks()
    for kind in ("raw", "ws"):
        for here, there in PAIRS:
            ends = [endpoint(kind, serializer, places[kind]) for serializer in (here, there)]
            for check in CHECKS:
                await checks.hold(f"{kind} {here} with {there}: {check.__name__}", between(check, *ends))
    sys.stdout.write(f"{checks.passed} passed, {checks.failed} failed\n")


LOOP.run(main)
