"""Autobahn|Python against a router: every transport and serializer, on asyncio or on Twisted.

    clients.py asyncio|twisted PLACES.json

Prints a line for each check that fails, then `N passed, N failed`.
"""

import json
import pathlib
import sys

import txaio

FRAMEWORK = sys.argv[1]
if FRAMEWORK == "twisted":
    txaio.use_twisted()
    from autobahn.twisted.component import Component
else:
    txaio.use_asyncio()
    from autobahn.asyncio.component import Component

from autobahn.wamp.exception import ApplicationError  # noqa: E402
from autobahn.wamp.types import (  # noqa: E402
    CallDetails,
    CallOptions,
    EventDetails,
    PublishOptions,
    RegisterOptions,
    SubscribeOptions,
)

DEADLINE = 20.0
SERIALIZERS = {
    "ws": ["json", "msgpack", "cbor", "json.batched", "msgpack.batched", "cbor.batched"],
    "raw": ["json", "msgpack", "cbor"],
}


class Loop:
    """What differs between the two frameworks."""

    def __init__(self):
        if FRAMEWORK == "twisted":
            from twisted.internet import reactor

            self.reactor = reactor
        else:
            import asyncio

            self.reactor = asyncio.new_event_loop()
            asyncio.set_event_loop(self.reactor)
        txaio.config.loop = self.reactor

    def run(self, main):
        if FRAMEWORK != "twisted":
            return self.reactor.run_until_complete(main())
        from twisted.internet.defer import ensureDeferred
        from twisted.internet.task import react

        try:
            react(lambda _reactor: ensureDeferred(main()))
        except SystemExit as end:
            if end.code:
                raise

    async def within(self, awaitable, seconds=DEADLINE):
        """The result, or an error once `seconds` are over."""
        if FRAMEWORK == "twisted":
            from twisted.internet.defer import Deferred, ensureDeferred

            deferred = awaitable if isinstance(awaitable, Deferred) else ensureDeferred(awaitable)
            return await deferred.addTimeout(seconds, self.reactor)
        import asyncio

        return await asyncio.wait_for(awaitable, seconds)


LOOP = Loop()


class Inbox:
    """What came, in order; whoever waits is given the next."""

    def __init__(self):
        self.items, self.waiting = [], None

    def put(self, item):
        self.items.append(item)
        if self.waiting is not None:
            waiting, self.waiting = self.waiting, None
            txaio.resolve(waiting, None)

    async def take(self):
        while not self.items:
            self.waiting = txaio.create_future()
            await LOOP.within(self.waiting)
        return self.items.pop(0)


def endpoint(kind, serializer, place):
    host, port, path = place
    if kind == "raw":
        return {
            "type": "rawsocket",
            "url": f"rs://{host}:{port}",
            "endpoint": {"type": "tcp", "host": host, "port": port},
            "serializer": serializer,
            "max_retries": 0,
        }
    return {
        "type": "websocket",
        "url": f"ws://{host}:{port}{path}",
        "endpoint": {"type": "tcp", "host": host, "port": port},
        "serializers": [serializer],
        "max_retries": 0,
    }


async def joined(transport, authentication=None):
    """A session that has joined; an error if it is refused."""
    done = txaio.create_future()
    plain = dict(transport)
    if plain["type"] == "websocket":
        plain["serializers"] = [name.removesuffix(".batched") for name in plain["serializers"]]
    component = Component(transports=[plain], realm="realm1", authentication=authentication)
    if plain["type"] == "websocket":
        # A component takes no batched serializer by name, although all can be had: without names it prefers them.
        component._transports[0].serializers = transport["serializers"]

    @component.on_join
    def on_join(session, details):
        if not txaio.is_called(done):
            session.join_details = details
            txaio.resolve(done, session)

    def ended(result):
        if not txaio.is_called(done):
            txaio.reject(done, RuntimeError(f"not joined: {result}"))

    txaio.add_callbacks(component.start(LOOP.reactor), ended, ended)
    session = await LOOP.within(done)
    if plain["type"] == "websocket":
        equal(session._transport._serializer.SERIALIZER_ID, transport["serializers"][0])
    return session


def equal(got, expected):
    if got != expected:
        raise AssertionError(f"expected {expected!r}, got {got!r}")


async def fails(awaitable, error):
    """The ApplicationError that must come."""
    try:
        result = await LOOP.within(awaitable)
    except ApplicationError as raised:
        equal(raised.error, error)
        return raised
    raise AssertionError(f"expected {error}, got the result {result!r}")


async def calls(caller, callee):
    def add(a, b=0):
        return a + b

    registration = await LOOP.within(callee.register(add, "com.client.add"))
    equal(await LOOP.within(caller.call("com.client.add", 2, 3)), 5)
    equal(await LOOP.within(caller.call("com.client.add", 2, b=-3)), -1)
    await LOOP.within(registration.unregister())
    await fails(caller.call("com.client.add", 2, 3), ApplicationError.NO_SUCH_PROCEDURE)


async def values(caller, callee):
    await LOOP.within(callee.register(lambda value: value, "com.client.echo"))
    for value in (None, True, 0, -1, 2**31, 2**53, 0.5, "", "h\u00e9 \u65e5", [1, [2, []]], {"a": {"b": None}}, b"\x00\xff"):
        equal(await LOOP.within(caller.call("com.client.echo", value)), value)
    big = "x" * 200_000
    equal(await LOOP.within(caller.call("com.client.echo", big)), big)


async def errors(caller, callee):
    def fail():
        raise ApplicationError("com.client.error", "why", 7, detail={"k": 1})

    await LOOP.within(callee.register(fail, "com.client.fail"))
    raised = await fails(caller.call("com.client.fail"), "com.client.error")
    equal((list(raised.args), raised.kwargs), (["why", 7], {"detail": {"k": 1}}))


async def progress(caller, callee):
    def count(to, details=None):
        for number in range(to):
            details.progress(number)
        return "done"

    got = []
    await LOOP.within(callee.register(count, "com.client.count", RegisterOptions(details_arg="details")))
    result = caller.call("com.client.count", 3, options=CallOptions(on_progress=got.append))
    equal(await LOOP.within(result), "done")
    equal(got, [0, 1, 2])


async def cancels(caller, callee):
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


async def events(publisher, subscriber):
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


async def own_events(publisher, _other):
    inbox = Inbox()
    await LOOP.within(publisher.subscribe(inbox.put, "com.client.own"))
    publisher.publish("com.client.own", 1)
    publisher.publish("com.client.own", 2, options=PublishOptions(exclude_me=False))
    equal(await inbox.take(), 2)


async def patterns(publisher, subscriber):
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


async def lists(publisher, subscriber):
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


async def shared(caller, callee):
    options = RegisterOptions(invoke="roundrobin")
    await LOOP.within(callee.register(lambda: "callee", "com.client.shared", options=options))
    await LOOP.within(caller.register(lambda: "caller", "com.client.shared", options=options))
    got = [await LOOP.within(caller.call("com.client.shared")) for _ in range(4)]
    equal(got, ["callee", "caller", "callee", "caller"])


async def refusals(caller, callee):
    await LOOP.within(callee.register(lambda: 1, "com.client.mine"))
    await fails(caller.register(lambda: 2, "com.client.mine"), ApplicationError.PROCEDURE_ALREADY_EXISTS)
    await fails(caller.call("com.client.nothing"), ApplicationError.NO_SUCH_PROCEDURE)


async def disclosure(_caller, callee, transport):
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


async def leaving(caller, _callee, transport):
    other = await joined(transport)
    await LOOP.within(other.register(lambda: 1, "com.client.leaving"))
    equal(await LOOP.within(caller.call("com.client.leaving")), 1)
    await LOOP.within(other.leave())
    await fails(caller.call("com.client.leaving"), ApplicationError.NO_SUCH_PROCEDURE)


async def credentials(transport):
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


class Checks:
    def __init__(self):
        self.passed, self.failed = 0, 0

    async def hold(self, name, check):
        try:
            await LOOP.within(check, 3 * DEADLINE)
            self.passed += 1
        except Exception as raised:
            self.failed += 1
            sys.stdout.write(f"{FRAMEWORK} {name}: {type(raised).__name__} {raised}\n")


async def main():
    places = json.loads(pathlib.Path(sys.argv[2]).read_text())
    checks = Checks()
    for kind, serializers in SERIALIZERS.items():
        for serializer in serializers:
            label = f"{kind} {serializer}"
            plain = endpoint(kind, serializer, places[f"init/{kind}"])
            guarded = endpoint(kind, serializer, places[f"{kind}/auth"])
            pair = [(calls, plain), (values, plain), (errors, plain), (progress, plain), (cancels, plain)]
            pair += [(events, plain), (own_events, plain), (patterns, plain), (lists, plain), (shared, plain)]
            pair += [(refusals, plain)]
            for check, transport in pair:
                await checks.hold(f"{label} {check.__name__}", with_two(check, transport))
            for check in (disclosure, leaving):
                await checks.hold(f"{label} {check.__name__}", with_two(check, guarded, guarded))
            await checks.hold(f"{label} credentials", credentials(guarded))
    sys.stdout.write(f"{checks.passed} passed, {checks.failed} failed\n")


async def with_two(check, transport, *more):
    """Runs a check with two sessions that leave afterwards."""
    one, two = await joined(transport), await joined(transport)
    await check(one, two, *more)
    for session in (one, two):
        await LOOP.within(session.leave())


LOOP.run(main)
