"""JSON Web Tokens as tickets, with Autobahn|Python; PyJWT makes the tokens, in a process of its own (`tests/issuer/issuer.py`)."""

import json
import time
import urllib.request

from logins import PLACES, Place, admitted, refused
from peer import FRAMEWORK, LOOP, Inbox, equal, joined

REASON = "wamp.error.not_authorized"


def ask(path, **what):
    address = f"{PLACES['issuer']}{path}"
    with urllib.request.urlopen(urllib.request.Request(address, json.dumps(what).encode(), method="POST")) as answer:
        return answer.read().decode()


def token(algorithm="RS256", header=None, forged=False, confused=False, turning=False, **claims):
    how = {"header": header, "forged": forged, "confused": confused, "turning": turning}
    return ask("/token", algorithm=algorithm, claims=claims, **how)


def bearing(ticket, authid=None):
    return {"ticket": {"ticket": ticket} | ({} if authid is None else {"authid": authid})}


BY_PORT = {
    "jwt": ["RS256", "RS384", "RS512", "PS256", "ES256", "EdDSA"],
    "jwt-tls": ["RS256", "ES256", "EdDSA"],
    "hs": ["HS256", "HS384", "HS512"],
    "rs": ["RS256", "PS256"],
    "es": ["ES256"],
    "ed": ["EdDSA"],
}


async def a02_tokens_of_all_algorithms(place):
    for port, algorithms in BY_PORT.items():
        for algorithm in algorithms:
            login = bearing(token(algorithm, groups=["administrators"]))
            await admitted(place.on(port), login, "joe", "user", "ticket", "jwt")


async def a02_what_a_token_tells(place):
    told = await admitted(place, bearing(token(sub="ann", email="ann@x.test", more=1), "ann"), "ann", "guest", "ticket", "jwt")
    equal(told.authextra, {"email": "ann@x.test"})
    several = bearing(token(groups=["unheard-of", "machines", "administrators"]))
    await admitted(place, several, "joe", "user", "ticket", "jwt")
    await admitted(place, bearing(token(groups="machines")), "joe", "device", "ticket", "jwt")
    await admitted(place, bearing(token(aud=["x", "com.test.wamp"])), "joe", "guest", "ticket", "jwt")


async def a02_tokens_that_are_refused(place):
    now = int(time.time())
    wrong = [
        token(exp=now - 1),
        token(exp=None),
        token(nbf=now + 600),
        token(iat=now + 600),
        token(aud="com.other"),
        token(aud=None),
        token(iss="https://other.test/"),
        token(iss=None),
        token(sub=None),
        token(realms=["realm2"]),
        token(forged=True),
        token("ES256", forged=True),
        token("EdDSA", forged=True),
        token("none"),
        token(confused=True),
        token(header={"crit": ["b64"], "b64": True}),
        token(header={"kid": "ec"}),
        token("HS256"),
        token() + "x",
        token() + ".",
        "x",
        "",
    ]
    for ticket in wrong:
        await refused(place, bearing(ticket), REASON)
    await refused(place, bearing(token(), "somebody-else"), REASON)
    for port, algorithm in (("rs", "RS512"), ("rs", "ES256"), ("hs", "RS256"), ("es", "RS256"), ("ed", "ES256")):
        await refused(place.on(port), bearing(token(algorithm)), REASON)
    for port in ("rs", "es", "jwt"):
        await refused(place.on(port), bearing(token(confused=True)), REASON)
    await refused(place.on("hs"), bearing(token("HS256", forged=True)), REASON)


async def a02_the_session_ends_with_its_token(place):
    session = await joined(place.transport(), bearing(token(exp=int(time.time()) + 2)))
    ended = Inbox()
    session.on("leave", lambda _session, details: ended.put(details.reason))
    equal(await ended.take(), "wamp.close.expired")


async def a02_keys_are_rotated(place):
    """A token that names a key unknown until now has the set read again, once in half a minute; the old key is no longer taken then."""
    old = token(turning=True, exp=int(time.time()) + 600)
    await admitted(place, bearing(old), "joe", "guest", "ticket", "jwt")
    ask("/rotate")
    new = bearing(token(turning=True, exp=int(time.time()) + 600))
    for _ in range(100):
        try:
            session = await joined(place.transport(), new)
            break
        except RuntimeError:
            await LOOP.rest(0.5)
    await LOOP.within(session.leave())
    await refused(place, bearing(old), REASON)


CHECKS = [
    a02_tokens_of_all_algorithms,
    a02_what_a_token_tells,
    a02_tokens_that_are_refused,
    a02_the_session_ends_with_its_token,
]


def columns():
    for place in Place.all():
        if not place.tls:
            yield place.on("jwt"), CHECKS
    if FRAMEWORK == "asyncio":
        yield Place("ws", "json", "jwt"), [a02_keys_are_rotated]
