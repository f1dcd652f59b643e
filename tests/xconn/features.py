"""xconn against a router: WebSocket and RawSocket with JSON, MessagePack and CBOR.

    features.py PLACES.json

xconn announces no feature at all, passes options through as they are given, and knows neither progress nor INTERRUPT nor
revocation, nor the salt of WAMP-CRA. Prints a line for each check that fails, then `N passed, N failed`.
"""

import asyncio
import json
import pathlib
import sys

import wampproto.exception
from xconn import (
    AsyncClient,
    CBORSerializer,
    JSONSerializer,
    MsgPackSerializer,
    TicketAuthenticator,
    WAMPCRAAuthenticator,
)
from xconn.exception import ApplicationError
from xconn.types import Result

DEADLINE = 20.0
SERIALIZERS = {"json": JSONSerializer, "msgpack": MsgPackSerializer, "cbor": CBORSerializer}


def equal(got, expected):
    if got != expected:
        raise AssertionError(f"expected {expected!r}, got {got!r}")


async def fails(awaitable, error):
    try:
        result = await awaitable
    except ApplicationError as raised:
        equal(raised.message, error)
        return raised
    raise AssertionError(f"expected {error}, got the result {result!r}")


class Inbox(asyncio.Queue):
    """What came, as the handler of events that it is."""

    def handler(self, chosen):
        async def received(event):
            self.put_nowait(chosen(event))

        return received


def first(event):
    return event.args[0]


async def nothing(_invocation):
    return None


def session_id(session):
    return session._base_session.id


async def r03_r04_calls_and_errors(one, two):
    async def add(invocation):
        return Result([invocation.args[0] + invocation.kwargs["b"]], {"so": True})

    async def fail(_invocation):
        raise ApplicationError("com.xconn.error", "why", 7)

    registration = await two.register("com.xconn.add", add)
    result = await one.call("com.xconn.add", [2], {"b": 3})
    equal((result.args, result.kwargs), ([5], {"so": True}))
    await two.register("com.xconn.fail", fail)
    raised = await fails(one.call("com.xconn.fail"), "com.xconn.error")
    equal(list(raised.args), ["why", 7])
    await registration.unregister()
    await fails(one.call("com.xconn.add", [2], {"b": 3}), "wamp.error.no_such_procedure")


async def p04_p09_events(one, two):
    inbox, own = Inbox(), Inbox()
    subscription = await two.subscribe("com.xconn.topic", inbox.handler(lambda event: (event.args, event.kwargs)))
    await one.subscribe("com.xconn.topic", own.handler(first))
    await one.publish("com.xconn.topic", [1], {"k": [2]}, {"acknowledge": True})
    await one.publish("com.xconn.topic", [3], options={"exclude_me": False})
    equal(await inbox.get(), ([1], {"k": [2]}))
    equal((await inbox.get())[0], [3])
    equal(await own.get(), 3)
    await subscription.unsubscribe()


async def p08_lists(one, two):
    inbox = Inbox()
    await two.subscribe("com.xconn.lists", inbox.handler(first))
    await one.publish("com.xconn.lists", [1], options={"exclude": [session_id(two)]})
    await one.publish("com.xconn.lists", [2], options={"eligible_authrole": ["nobody"]})
    await one.publish("com.xconn.lists", [3], options={"eligible": [session_id(two)]})
    equal(await inbox.get(), 3)


async def p10_c05_who_asks_to_be_named_is(one, two):
    inbox = Inbox()
    await two.subscribe("com.xconn.who", inbox.handler(lambda event: event.details.get("publisher")))

    async def who(invocation):
        return Result([invocation.details.get("caller")])

    await two.register("com.xconn.who", who)
    await one.publish("com.xconn.who", options={"disclose_me": True})
    equal(await inbox.get(), session_id(one))
    equal((await one.call("com.xconn.who", options={"disclose_me": True})).args, [session_id(one)])
    equal((await one.call("com.xconn.who")).args, [None])


async def p13_c07_patterns(one, two):
    inbox = Inbox()
    topic = inbox.handler(lambda event: event.details.get("topic"))
    await two.subscribe("com.xconn.pre", topic, {"match": "prefix"})
    await two.subscribe("com..wild.x", topic, {"match": "wildcard"})
    await one.publish("com.xconn.prefixed.x")
    equal(await inbox.get(), "com.xconn.prefixed.x")
    await one.publish("com.any.wild.x")
    equal(await inbox.get(), "com.any.wild.x")

    async def procedure(invocation):
        return Result([invocation.details.get("procedure")])

    await two.register("com.xconn.any", procedure, {"match": "prefix"})
    equal((await one.call("com.xconn.anything.x")).args, ["com.xconn.anything.x"])


async def p16_retained_events(one, two):
    inbox = Inbox()
    await one.publish("com.xconn.retained", [1], options={"acknowledge": True, "retain": True})
    received = inbox.handler(lambda event: (event.args, event.details.get("retained")))
    await two.subscribe("com.xconn.retained", received, {"get_retained": True})
    equal(await inbox.get(), ([1], True))


async def c01_progress_is_not_sent_to_who_cannot_read_it(one, two):
    async def asked(invocation):
        return Result([invocation.details.get("receive_progress")])

    await two.register("com.xconn.asked", asked)
    equal((await one.call("com.xconn.asked", options={"receive_progress": True})).args, [None])


async def c03_a_callee_without_canceling_is_left_alone(one, two):
    go_on = asyncio.Event()

    async def slow(_invocation):
        await go_on.wait()
        return Result(["late"])

    await two.register("com.xconn.slow", slow)
    await fails(one.call("com.xconn.slow", options={"timeout": 200}), "wamp.error.timeout")
    go_on.set()
    equal((await one.call("com.xconn.slow")).args, ["late"])


async def c09_shared(one, two):
    def named(name):
        async def who(_invocation):
            return Result([name])

        return who

    await one.register("com.xconn.shared", named("one"), {"invoke": "roundrobin"})
    await two.register("com.xconn.shared", named("two"), {"invoke": "roundrobin"})
    equal([(await one.call("com.xconn.shared")).args[0] for _ in range(4)], ["one", "two", "one", "two"])
    again = one.register("com.xconn.shared", named("other"), {"invoke": "first"})
    await fails(again, "wamp.error.procedure_exists_with_different_invocation_policy")


async def c12_c13_limits_and_eviction(one, two):
    started, go_on = asyncio.Event(), asyncio.Event()

    async def slow(_invocation):
        started.set()
        await go_on.wait()
        return Result(["done"])

    await two.register("com.xconn.busy", slow, {"concurrency": 1})
    pending = asyncio.ensure_future(one.call("com.xconn.busy"))
    await started.wait()
    await fails(one.call("com.xconn.busy"), "crossbar.error.max_concurrency_reached")
    go_on.set()
    equal((await pending).args, ["done"])

    async def new(_invocation):
        return Result(["new"])

    await one.register("com.xconn.busy", new, {"force_reregister": True})
    equal((await two.call("com.xconn.busy")).args, ["new"])


async def c08_p17_who_did_not_announce_revocation_is_not_told(one, two):
    inbox = Inbox()
    registration = await two.register("com.xconn.revoked", nothing)
    subscription = await two.subscribe("com.xconn.revoked", inbox.handler(first))
    await one.call("wamp.registration.remove_callee", [registration.registration_id, session_id(two)])
    await one.call("wamp.subscription.remove_subscriber", [subscription.subscription_id, session_id(two)])
    await fails(one.call("com.xconn.revoked"), "wamp.error.no_such_procedure")
    await one.publish("com.xconn.revoked", [1], options={"acknowledge": True})
    await two.register("com.xconn.revoked", nothing)
    equal((await one.call("com.xconn.revoked")).args, None)
    equal(inbox.empty(), True)


async def m02_m05_m07_questions(one, two):
    await two.register("com.xconn.asked", nothing)
    await two.subscribe("com.xconn.asked", Inbox().handler(first))

    async def ask(what, *args):
        return (await one.call(f"wamp.{what}", list(args))).args[0]

    equal(session_id(two) in await ask("session.list"), True)
    registration = await ask("registration.match", "com.xconn.asked")
    equal((await ask("registration.get", registration))["uri"], "com.xconn.asked")
    subscription = (await ask("subscription.match", "com.xconn.asked"))[0]
    equal((await ask("subscription.get", subscription))["uri"], "com.xconn.asked")
    await fails(one.call("wamp.session.get", [1]), "wamp.error.no_such_session")


PAIRS = [
    r03_r04_calls_and_errors,
    p04_p09_events,
    p08_lists,
    p10_c05_who_asks_to_be_named_is,
    p13_c07_patterns,
    p16_retained_events,
    c01_progress_is_not_sent_to_who_cannot_read_it,
    c03_a_callee_without_canceling_is_left_alone,
    c09_shared,
    c12_c13_limits_and_eviction,
    c08_p17_who_did_not_announce_revocation_is_not_told,
    m02_m05_m07_questions,
]


async def a02_a03_credentials(url, serializer):
    for authenticator, role in (
        (TicketAuthenticator("alice", "secret-alice"), "backend"),
        (WAMPCRAAuthenticator("peter", "secret1"), "open"),
    ):
        session = await AsyncClient(authenticator, SERIALIZERS[serializer]()).connect(url, "realm1")
        equal(session._base_session.authrole, role)
        await session.leave()
    try:
        await AsyncClient(TicketAuthenticator("alice", "wrong"), SERIALIZERS[serializer]()).connect(url, "realm1")
    except wampproto.exception.ApplicationError:
        return
    raise AssertionError("a wrong ticket was accepted")


class Checks:
    def __init__(self):
        self.passed, self.failed = 0, 0

    async def hold(self, name, check):
        try:
            await asyncio.wait_for(check, DEADLINE)
            self.passed += 1
        except Exception as raised:
            self.failed += 1
            sys.stdout.write(f"xconn {name}: {type(raised).__name__} {raised}\n")


async def with_two(check, url, serializer):
    sessions = [await AsyncClient(serializer=SERIALIZERS[serializer]()).connect(url, "realm1") for _ in range(2)]
    try:
        await check(*sessions)
    finally:
        for session in sessions:
            await session.leave()


async def main():
    places = json.loads(pathlib.Path(sys.argv[1]).read_text())
    checks = Checks()
    for kind, scheme in (("ws", "ws"), ("raw", "rs")):
        for serializer in SERIALIZERS:
            plain, guarded = (
                "{}://{}:{}{}".format(scheme, *places[f"{place}"]) for place in (f"init/{kind}", f"{kind}/auth")
            )
            for check in PAIRS:
                label = f"{kind} {serializer} {check.__name__}"
                await checks.hold(label, with_two(check, plain, serializer))
            await checks.hold(f"{kind} {serializer} credentials", a02_a03_credentials(guarded, serializer))
    sys.stdout.write(f"{checks.passed} passed, {checks.failed} failed\n")


asyncio.run(main())
