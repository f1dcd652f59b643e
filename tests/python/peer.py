"""Sessions of Autobahn|Python on asyncio or on Twisted, as the first argument of the script says.

A script's checks are functions that raise; each is named by the row of docs/wamp-conformance.md that it shows.
"""

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

DEADLINE = 20.0


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

    def come_from(self, addresses):
        """Has each TCP connection come from the next of these addresses."""
        if FRAMEWORK == "twisted":
            from autobahn.twisted import component

            def bound(kind):
                return lambda *args, **more: kind(*args, bindAddress=(next(addresses), 0), **more)

            component.TCP4ClientEndpoint = bound(component.TCP4ClientEndpoint)
            component.SSL4ClientEndpoint = bound(component.SSL4ClientEndpoint)
        else:
            connect = self.reactor.create_connection
            self.reactor.create_connection = lambda *args, **more: connect(*args, local_addr=(next(addresses), 0), **more)

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

    async def rest(self, seconds):
        """Between two looks at what is still to come."""
        await self.within(txaio.sleep(seconds))

    async def together(self, awaitables):
        """Runs all side by side."""
        if FRAMEWORK == "twisted":
            from twisted.internet.defer import ensureDeferred, gatherResults

            return await gatherResults([ensureDeferred(one) for one in awaitables])
        import asyncio

        return await asyncio.gather(*awaitables)


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


def endpoint(kind, serializer, place, tls=None):
    """A transport of a component; with `tls` as its endpoint takes that, it is encrypted."""
    host, port, path = place
    secure = "" if tls is None else "s"
    connecting = {"type": "tcp", "host": host, "port": port} | ({} if tls is None else {"tls": tls})
    if kind == "raw":
        return {
            "type": "rawsocket",
            "url": f"rs{secure}://{host}:{port}",
            "endpoint": connecting,
            "serializer": serializer,
            "max_retries": 0,
        }
    return {
        "type": "websocket",
        "url": f"ws{secure}://{host}:{port}{path}",
        "endpoint": connecting,
        "serializers": [serializer],
        "max_retries": 0,
    }


class Refused(RuntimeError):
    """The router's ABORT, or the end of a session."""

    def __init__(self, details):
        super().__init__(f"not joined: {details.reason} {details.message}")
        self.reason, self.message = details.reason, details.message


async def joined(transport, authentication=None, realm="realm1"):
    """A session that has joined; an error if it is refused."""
    done = txaio.create_future()
    plain = dict(transport)
    if plain["type"] == "websocket":
        plain["serializers"] = [name.removesuffix(".batched") for name in plain["serializers"]]
    component = Component(transports=[plain], realm=realm, authentication=authentication)
    if plain["type"] == "websocket":
        # A component takes no batched serializer by name, although all can be had: without names it prefers them.
        component._transports[0].serializers = transport["serializers"]

    @component.on_join
    def on_join(session, details):
        if not txaio.is_called(done):
            session.join_details = details
            txaio.resolve(done, session)

    @component.on_leave
    def on_leave(_session, details):
        if not txaio.is_called(done):
            txaio.reject(done, Refused(details))

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


async def with_two(check, transport, *more):
    """Runs a check with two sessions that leave afterwards."""
    one, two = await joined(transport), await joined(transport)
    try:
        await check(one, two, *more)
    finally:
        for session in (one, two):
            if session.is_attached():
                await LOOP.within(session.leave())
