"""Autobahn|Python with its FlatBuffers serializer, with itself and with other serializers.

    flatbuffers.py asyncio|twisted PLACES.json

Prints a line for each check that fails, then `N passed, N failed`.
"""

import json
import pathlib
import sys

# The framework is chosen there, before anything of Autobahn is loaded.
from peer import LOOP, ApplicationError, Checks, Inbox, endpoint, equal, fails, joined

import txaio
from autobahn.wamp.types import CallOptions, PublishOptions, RegisterOptions, SubscribeOptions

VALUES = (None, True, 0, -1, 2**31, 2**53, 0.5, "", "h\u00e9 \u65e5", [1, [2, []]], {"a": {"b": None}}, b"\x00\xff")


async def f05_calls(caller, callee):
    def add(a, b=0):
        return a + b

    registration = await LOOP.within(callee.register(add, "com.flat.add"))
    equal(await LOOP.within(caller.call("com.flat.add", 2, 3)), 5)
    equal(await LOOP.within(caller.call("com.flat.add", 2, b=-3)), -1)
    await LOOP.within(registration.unregister())
    await fails(caller.call("com.flat.add", 2, 3), ApplicationError.NO_SUCH_PROCEDURE)


async def f05_values(caller, callee):
    await LOOP.within(callee.register(lambda value: value, "com.flat.echo"))
    for value in (*VALUES, "x" * 200_000):
        equal(await LOOP.within(caller.call("com.flat.echo", value)), value)


async def f05_errors(caller, callee):
    """With arguments to other serializers only: Autobahn misreads them in an ERROR of FlatBuffers."""

    def fail():
        raise ApplicationError("com.flat.error")

    def explain():
        raise ApplicationError("com.flat.explained", "why", 7, detail={"k": 1})

    await LOOP.within(callee.register(fail, "com.flat.fail"))
    await fails(caller.call("com.flat.fail"), "com.flat.error")
    await fails(caller.register(fail, "com.flat.fail"), ApplicationError.PROCEDURE_ALREADY_EXISTS)
    if caller._transport._serializer.SERIALIZER_ID != "flatbuffers":
        await LOOP.within(callee.register(explain, "com.flat.explain"))
        raised = await fails(caller.call("com.flat.explain"), "com.flat.explained")
        equal((list(raised.args), raised.kwargs), (["why", 7], {"detail": {"k": 1}}))


async def f05_progress(caller, callee):
    def count(to, details=None):
        for number in range(to):
            details.progress(number)
        return "done"

    got = []
    await LOOP.within(callee.register(count, "com.flat.count", RegisterOptions(details_arg="details")))
    result = caller.call("com.flat.count", 3, options=CallOptions(on_progress=got.append))
    equal(await LOOP.within(result), "done")
    equal(got, [0, 1, 2])


async def f05_events(publisher, subscriber):
    inbox = Inbox()
    subscription = await LOOP.within(
        subscriber.subscribe(lambda *args, **kwargs: inbox.put((list(args), kwargs)), "com.flat.topic")
    )
    acknowledge = PublishOptions(acknowledge=True)
    receipt = await LOOP.within(publisher.publish("com.flat.topic", 1, "two", k={"v": []}, options=acknowledge))
    if not 0 < receipt.id <= 2**53:
        raise AssertionError(f"publication id {receipt.id}")
    equal(await inbox.take(), ([1, "two"], {"k": {"v": []}}))
    for number in range(100):
        publisher.publish("com.flat.topic", number)
    equal([(await inbox.take())[0] for _ in range(100)], [[number] for number in range(100)])
    await LOOP.within(subscription.unsubscribe())
    await LOOP.within(publisher.publish("com.flat.topic", options=acknowledge))
    await LOOP.within(subscriber.subscribe(lambda: None, "com.flat.other"))
    equal(inbox.items, [])


async def f05_details(publisher, subscriber):
    """Patterns, and who published and called."""
    inbox, here = Inbox(), publisher.join_details.session
    equal([publisher.join_details.realm, publisher.join_details.authrole], ["realm1", "anonymous"])
    for match, topic in (("prefix", "com.flat.pre"), ("wildcard", "com..wild.x")):
        options = SubscribeOptions(match=match, details=True)
        await LOOP.within(
            subscriber.subscribe(lambda details=None: inbox.put((details.topic, details.publisher)), topic, options=options)
        )
    for topic in ("com.flat.prefixed.x", "com.flat.wild.x"):
        publisher.publish(topic)
        equal(await inbox.take(), (topic, here))

    def called(details=None):
        return [details.procedure, details.caller, details.caller_authrole]

    options = RegisterOptions(match="prefix", details_arg="details")
    await LOOP.within(subscriber.register(called, "com.flat.any", options=options))
    equal(await LOOP.within(publisher.call("com.flat.anything.x")), ["com.flat.anything.x", here, "anonymous"])


async def f05_options(publisher, subscriber):
    """Who may receive, and who is called in turn."""
    inbox, own = Inbox(), Inbox()
    await LOOP.within(subscriber.subscribe(inbox.put, "com.flat.list"))
    await LOOP.within(publisher.subscribe(own.put, "com.flat.list"))
    there, here = subscriber.join_details.session, publisher.join_details.session
    publisher.publish("com.flat.list", 1, options=PublishOptions(exclude=[there]))
    publisher.publish("com.flat.list", 2, options=PublishOptions(eligible=[there]))
    publisher.publish("com.flat.list", 3, options=PublishOptions(eligible=[here], exclude_me=False))
    publisher.publish("com.flat.list", 4, options=PublishOptions(eligible_authrole="nobody"))
    publisher.publish("com.flat.list", 5, options=PublishOptions(eligible_authrole="anonymous"))
    equal([await inbox.take(), await inbox.take()], [2, 5])
    equal(await own.take(), 3)
    equal(own.items, [])
    options = RegisterOptions(invoke="roundrobin")
    await LOOP.within(subscriber.register(lambda: "there", "com.flat.shared", options=options))
    await LOOP.within(publisher.register(lambda: "here", "com.flat.shared", options=options))
    got = [await LOOP.within(publisher.call("com.flat.shared")) for _ in range(4)]
    equal(got, ["there", "here", "there", "here"])


async def f05_cancels(caller, callee):
    """Autobahn's FlatBuffers say `skip` for every mode: the caller is answered, the callee goes on."""
    started = Inbox()

    def hang():
        started.put(True)
        return txaio.create_future()

    await LOOP.within(callee.register(hang, "com.flat.hang"))
    pending = caller.call("com.flat.hang")
    await started.take()
    pending.cancel()
    try:
        await LOOP.within(pending)
    except BaseException as raised:  # asyncio: CancelledError; Twisted: ApplicationError or CancelledError
        if "ancel" not in f"{type(raised).__name__} {raised}":
            raise
    else:
        raise AssertionError("a cancelled call gave a result")


CHECKS = [f05_calls, f05_values, f05_errors, f05_progress, f05_events, f05_details, f05_options, f05_cancels]
PAIRS = [("flatbuffers", "flatbuffers"), ("flatbuffers", "cbor"), ("cbor", "flatbuffers"), ("json", "flatbuffers")]


async def between(check, here, there):
    """Runs a check with two sessions that leave afterwards."""
    one, two = await joined(here), await joined(there)
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
            ends = [endpoint(kind, serializer, places[f"{kind}/universal"]) for serializer in (here, there)]
            for check in CHECKS:
                await checks.hold(f"{kind} {here} with {there}: {check.__name__}", between(check, *ends))
    sys.stdout.write(f"{checks.passed} passed, {checks.failed} failed\n")


LOOP.run(main)
