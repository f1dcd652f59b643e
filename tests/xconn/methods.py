"""Every method of authentication that xconn has, over WebSocket and RawSocket with JSON, MessagePack and CBOR, at a node that
`tests/node/methods.py` has set up.

    methods.py PLACES.json

xconn speaks no TLS over RawSocket. Prints a line for each check that fails, then `N passed, N failed`.
"""

import asyncio
import itertools
import json
import pathlib
import sys
import urllib.request

import wampproto.exception
from xconn import (
    AnonymousAuthenticator,
    AsyncClient,
    CBORSerializer,
    CryptoSignAuthenticator,
    JSONSerializer,
    MsgPackSerializer,
    TicketAuthenticator,
    WAMPCRAAuthenticator,
)

PLACES = json.loads(pathlib.Path(sys.argv[1]).read_text())
ACCOUNTS = PLACES["accounts"]
SERIALIZERS = {"json": JSONSerializer, "msgpack": MsgPackSerializer, "cbor": CBORSerializer}
DEADLINE = 60.0


class Place:
    """A transport, and how to speak there."""

    def __init__(self, scheme, serializer, port="static"):
        self.scheme, self.serializer, self.port = scheme, serializer, port

    def __str__(self):
        return f"{self.scheme} {self.serializer}"

    def on(self, port):
        return Place(self.scheme, self.serializer, port)

    async def join(self, login):
        host = "localhost" if self.scheme == "wss" else "127.0.0.1"
        path = "/ws" if self.scheme.startswith("ws") else ""
        url = f"{self.scheme}://{host}:{PLACES['ports'][self.port]}{path}"
        return await AsyncClient(login, SERIALIZERS[self.serializer]()).connect(url, "realm1")


def equal(got, expected):
    if got != expected:
        raise AssertionError(f"expected {expected!r}, got {got!r}")


async def admitted(place, login, authid, role):
    session = await place.join(login)
    details = session._base_session
    if authid is not None:
        equal(details.authid, authid)
    equal(details.authrole, role)
    known = (await session.call("wamp.session.get", [details.id])).args[0]
    equal([known["authrole"], known["authmethod"]], [role, login.auth_method])
    await session.leave()


async def refused(place, login, reason="wamp.error.not_authorized"):
    try:
        session = await place.join(login)
    except wampproto.exception.ApplicationError as raised:
        if not (PLACES["crossbar"] and raised.message == "wamp.error.no_such_principal"):
            equal(raised.message, reason)
        return
    await session.leave()
    raise AssertionError("let in")


async def a01_anonymous(place):
    await admitted(place, AnonymousAuthenticator(""), None, "anonymous")


async def a02_tickets(place):
    for kind in ("plain", "argon2", "bcrypt"):
        if kind in ACCOUNTS["ticket"]:
            known = ACCOUNTS["ticket"][kind]
            await admitted(place, TicketAuthenticator(known["authid"], known["secret"]), known["authid"], known["role"])
            await refused(place, TicketAuthenticator(known["authid"], "wrong"))
    await refused(place, TicketAuthenticator("nobody", "x"))


async def a02_tokens(place):
    for algorithm in ("RS256", "ES256", "EdDSA"):
        login = TicketAuthenticator("joe", token(algorithm))
        await admitted(place.on("jwt"), login, "joe", "guest")
        await refused(place.on("jwt"), TicketAuthenticator("joe", token(algorithm, forged=True)))


def token(algorithm, forged=False):
    what = json.dumps({"algorithm": algorithm, "claims": {}, "forged": forged}).encode()
    with urllib.request.urlopen(urllib.request.Request(f"{PLACES['issuer']}/token", what, method="POST")) as answer:
        return answer.read().decode()


async def a03_wampcra(place):
    for kind in ("plain", "salted"):
        known = ACCOUNTS["wampcra"][kind]
        await admitted(place, WAMPCRAAuthenticator(known["authid"], known["secret"]), known["authid"], known["role"])
        await refused(place, WAMPCRAAuthenticator(known["authid"], "wrong"))
    await refused(place, WAMPCRAAuthenticator("nobody", "x"))


async def a05_keys(place):
    kim, foreign = ACCOUNTS["cryptosign"]["kim"], ACCOUNTS["cryptosign"]["foreign"]
    await admitted(place, CryptoSignAuthenticator("kim", kim["key"]), "kim", kim["role"])
    await refused(place, CryptoSignAuthenticator("kim", foreign["key"]))


async def a00_none_in_common(place):
    known = ACCOUNTS["cryptosign"]["kim"]
    await refused(place.on("few"), CryptoSignAuthenticator("kim", known["key"]), "wamp.error.no_auth_method")
    await refused(place.on("few"), AnonymousAuthenticator(""), "wamp.error.no_auth_method")


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


def come_from_many_addresses():
    """A router answers late where many of one address fail to prove who they are."""
    loop = asyncio.get_running_loop()
    connect, numbers = loop.create_connection, itertools.count()

    def connecting(*args, **more):
        number = next(numbers)
        return connect(*args, local_addr=(f"127.3.{number // 250}.{number % 250 + 1}", 0), **more)

    loop.create_connection = connecting


async def main():
    come_from_many_addresses()
    checks = Checks()
    everywhere = [a01_anonymous, a02_tickets, a03_wampcra, a05_keys]
    plain = [a00_none_in_common] + ([] if PLACES["crossbar"] else [a02_tokens])

    async def column(place, rows):
        for check in rows:
            await checks.hold(f"{place} {check.__name__}", check(place))

    columns = [column(Place(scheme, name), everywhere + plain) for scheme in ("ws", "rs") for name in SERIALIZERS]
    columns += [column(Place("wss", name, "tls"), everywhere) for name in SERIALIZERS]
    await asyncio.gather(*columns)
    sys.stdout.write(f"{checks.passed} passed, {checks.failed} failed\n")


asyncio.run(main())
