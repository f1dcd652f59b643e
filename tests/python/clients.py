"""Autobahn|Python against a router: every transport and serializer, on asyncio or on Twisted.

    clients.py asyncio|twisted PLACES.json

Prints a line for each check that fails, then `N passed, N failed`.
"""

import json
import pathlib
import sys

# The framework is chosen there, before anything of Autobahn is loaded.
from peer import LOOP, ApplicationError, Checks, Inbox, endpoint, equal, fails, joined, with_two

import txaio
from autobahn.wamp.types import (
    CallDetails,
    CallOptions,
    EventDetails,
    PublishOptions,
    RegisterOptions,
    SubscribeOptions,
)

SERIALIZERS = {
    "ws": ["json", "msgpack", "cbor", "ubjson", "json.batched", "msgpack.batched", "cbor.batched", "ubjson.batched"],
    "raw": ["json", "msgpack", "cbor", "ubjson"],
}


async def r01_r02_r03_calls(caller, callee):
    def add(a, b=0):
        return a + b

    registration = await LOOP.within(callee.register(add, "com.client.add"))
    equal(await LOOP.within(caller.call("com.client.add", 2, 3)), 5)
    equal(await LOOP.within(caller.call("com.client.add", 2, b=-3)), -1)
    await LOOP.within(registration.unregister())
    await fails(caller.call("com.client.add", 2, 3), ApplicationError.NO_SUCH_PROCEDURE)


async def f01_f02_f03_f04_values(caller, callee):
    await LOOP.within(callee.register(lambda value: value, "com.client.echo"))
    for value in (None, True, 0, -1, 2**31, 2**53, 0.5, "", "h\u00e9 \u65e5", [1, [2, []]], {"a": {"b": None}}, b"\x00\xff"):
        equal(await LOOP.within(caller.call("com.client.echo", value)), value)
    big = "x" * 200_000
    equal(await LOOP.within(caller.call("com.client.echo", big)), big)


async def r04_errors(caller, callee):
    def fail():
        raise ApplicationError("com.client.error", "why", 7, detail={"k": 1})

    await LOOP.within(callee.register(fail, "com.client.fail"))
    raised = await fails(caller.call("com.client.fail"), "com.client.error")
    equal((list(raised.args), raised.kwargs), (["why", 7], {"detail": {"k": 1}}))


async def c01_progress(caller, callee):
    def count(to, details=None):
        for number in range(to):
            details.progress(number)
        return "done"

    got = []
    await LOOP.within(callee.register(count, "com.client.count", RegisterOptions(details_arg="details")))
    result = caller.call("com.client.count", 3, options=CallOptions(on_progress=got.append))
    equal(await LOOP.within(result), "done")
    equal(got, [0, 1, 2])


async def c04_cancels(caller, callee):
    started, stopped = Inbox(), Inbox()

    def hang():
        started.put(True)
        return txaio.create_future(canceller=lambda *_: stopped.put(True))

    await LOOP.within(callee.register(hang, "com.client.hang"))
    pending = caller.call("com.client.hang")
    await started.take()
    pending.cancel()
    try:
        await LOOP.within(pending)
    except BaseException as raised:  # asyncio: CancelledError; Twisted: ApplicationError or CancelledError
        if "ancel" not in f"{type(raised).__name__} {raised}":
            raise
    else:
        raise AssertionError("a cancelled call gave a result")


async def p01_p02_p03_p04_events(publisher, subscriber):
    inbox = Inbox()
    subscription = await LOOP.within(
        subscriber.subscribe(lambda *args, **kwargs: inbox.put((list(args), kwargs)), "com.client.topic")
    )
    receipt = await LOOP.within(
        publisher.publish("com.client.topic", 1, "two", k={"v": []}, options=PublishOptions(acknowledge=True))
    )
    if not 0 < receipt.id <= 2**53:
        raise AssertionError(f"publication id {receipt.id}")
    equal(await inbox.take(), ([1, "two"], {"k": {"v": []}}))
    for number in range(100):
        publisher.publish("com.client.topic", number)
    equal([(await inbox.take())[0] for _ in range(100)], [[number] for number in range(100)])
    await LOOP.within(subscription.unsubscribe())
    await LOOP.within(publisher.publish("com.client.topic", options=PublishOptions(acknowledge=True)))
    await LOOP.within(subscriber.subscribe(lambda: None, "com.client.other"))
    equal(inbox.items, [])


async def p09_own_events(publisher, _other):
    inbox = Inbox()
    await LOOP.within(publisher.subscribe(inbox.put, "com.client.own"))
    publisher.publish("com.client.own", 1)
    publisher.publish("com.client.own", 2, options=PublishOptions(exclude_me=False))
    equal(await inbox.take(), 2)


async def p13_c07_patterns(publisher, subscriber):
    inbox = Inbox()

    def received(value, details=None):
        inbox.put((value, details.topic))

    for match, topic in (("prefix", "com.client.pre"), ("wildcard", "com..wild.x")):
        options = SubscribeOptions(match=match, details=True)
        await LOOP.within(subscriber.subscribe(received, topic, options=options))
    publisher.publish("com.client.prefixed.x", 1)
    equal(await inbox.take(), (1, "com.client.prefixed.x"))
    publisher.publish("com.client.wild.x", 2)
    equal(await inbox.take(), (2, "com.client.wild.x"))

    def called(details=None):
        return details.procedure

    options = RegisterOptions(match="prefix", details_arg="details")
    await LOOP.within(subscriber.register(called, "com.client.any", options=options))
    equal(await LOOP.within(publisher.call("com.client.anything.x")), "com.client.anything.x")


async def p08_lists(publisher, subscriber):
    inbox, own = Inbox(), Inbox()
    await LOOP.within(subscriber.subscribe(inbox.put, "com.client.list"))
    await LOOP.within(publisher.subscribe(own.put, "com.client.list"))
    there, here = subscriber.join_details.session, publisher.join_details.session
    publisher.publish("com.client.list", 1, options=PublishOptions(exclude=[there]))
    publisher.publish("com.client.list", 2, options=PublishOptions(eligible=[there]))
    publisher.publish("com.client.list", 3, options=PublishOptions(eligible=[here], exclude_me=False))
    equal(await inbox.take(), 2)
    equal(await own.take(), 3)
    equal(inbox.items, [])


async def c09_shared(caller, callee):
    options = RegisterOptions(invoke="roundrobin")
    await LOOP.within(callee.register(lambda: "callee", "com.client.shared", options=options))
    await LOOP.within(caller.register(lambda: "caller", "com.client.shared", options=options))
    got = [await LOOP.within(caller.call("com.client.shared")) for _ in range(4)]
    equal(got, ["callee", "caller", "callee", "caller"])


async def r01_r03_refusals(caller, callee):
    await LOOP.within(callee.register(lambda: 1, "com.client.mine"))
    await fails(caller.register(lambda: 2, "com.client.mine"), ApplicationError.PROCEDURE_ALREADY_EXISTS)
    await fails(caller.call("com.client.nothing"), ApplicationError.NO_SUCH_PROCEDURE)


async def c05_p10_disclosure(_caller, callee, transport):
    inbox = Inbox()

    def who(details: CallDetails = None):
        return [details.caller, details.caller_authid, details.caller_authrole]

    await LOOP.within(callee.register(who, "com.client.who", options=RegisterOptions(details_arg="details")))
    options = SubscribeOptions(details=True)
    await LOOP.within(
        callee.subscribe(lambda details=None: inbox.put(details), "com.client.news", options=options)
    )
    carol = await joined(transport, {"ticket": {"authid": "carol", "ticket": "secret-carol"}})
    here = carol.join_details.session
    equal(await LOOP.within(carol.call("com.client.who")), [here, "carol", "open"])
    carol.publish("com.client.news")
    details = await inbox.take()
    if not isinstance(details, EventDetails):
        raise AssertionError(f"no details: {details!r}")
    equal([details.publisher, details.publisher_authid, details.publisher_authrole], [here, "carol", "open"])
    await LOOP.within(carol.leave())


async def s11_leaving(caller, _callee, transport):
    other = await joined(transport)
    await LOOP.within(other.register(lambda: 1, "com.client.leaving"))
    equal(await LOOP.within(caller.call("com.client.leaving")), 1)
    await LOOP.within(other.leave())
    await fails(caller.call("com.client.leaving"), ApplicationError.NO_SUCH_PROCEDURE)


async def a02_a03_credentials(transport):
    """Ticket, WAMP-CRA plain and salted; right and wrong."""
    methods = [
        ("ticket", {"authid": "alice", "ticket": "secret-alice"}, "backend"),
        ("wampcra", {"authid": "peter", "secret": "secret1"}, "open"),
        ("wampcra", {"authid": "salty", "secret": "secret2"}, "open"),
    ]
    for method, right, role in methods:
        session = await joined(transport, {method: right})
        details = session.join_details
        equal([details.authid, details.authrole, details.authmethod], [right["authid"], role, method])
        await LOOP.within(session.leave())
        secret = "ticket" if method == "ticket" else "secret"
        try:
            await joined(transport, {method: right | {secret: "wrong"}})
        except RuntimeError:
            continue
        raise AssertionError(f"{method}: a wrong secret was accepted")


PAIRS = [
    r01_r02_r03_calls,
    f01_f02_f03_f04_values,
    r04_errors,
    c01_progress,
    c04_cancels,
    p01_p02_p03_p04_events,
    p09_own_events,
    p13_c07_patterns,
    p08_lists,
    c09_shared,
    r01_r03_refusals,
]


async def main():
    places = json.loads(pathlib.Path(sys.argv[2]).read_text())
    checks = Checks()
    for kind, serializers in SERIALIZERS.items():
        for serializer in serializers:
            label = f"{kind} {serializer}"
            # What `crossbar init` writes leaves UBJSON out.
            place = kind if serializer.startswith("ubjson") else f"init/{kind}"
            plain = endpoint(kind, serializer, places[place])
            guarded = endpoint(kind, serializer, places[f"{kind}/auth"])
            for check in PAIRS:
                await checks.hold(f"{label} {check.__name__}", with_two(check, plain))
            for check in (c05_p10_disclosure, s11_leaving):
                await checks.hold(f"{label} {check.__name__}", with_two(check, guarded, guarded))
            await checks.hold(f"{label} credentials", a02_a03_credentials(guarded))
    sys.stdout.write(f"{checks.passed} passed, {checks.failed} failed\n")


if __name__ == "__main__":
    LOOP.run(main)
