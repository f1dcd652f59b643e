"""Every method of authentication with Autobahn|Python, over WebSocket and RawSocket, plain and with TLS, with each serializer.

    methods.py asyncio|twisted PLACES.json [NAME]

Prints a line for each check that fails, then `N passed, N failed`. What Autobahn lacks is in authenticators.py.
"""

import sys

# The framework is chosen there, before anything of Autobahn is loaded.
from peer import FRAMEWORK, LOOP, Checks, equal
from logins import PLACES, Place, account, admitted, refusal, refused

import authenticators
import dynamic
import judging
import tokens

CROSSBAR = PLACES["crossbar"]

GUEST = {"anonymous": {}}


def ticket(kind, **changes):
    known = account("ticket", kind) | changes
    return {"ticket": {"authid": known["authid"], "ticket": known["secret"]}}


def wampcra(kind, **changes):
    known = account("wampcra", kind) | changes
    return {"wampcra": {"authid": known["authid"], "secret": known["secret"]}}


def scram(kind, **changes):
    known = account("scram", kind) | changes
    return {"scram": {"authid": known["authid"], "password": known["secret"]}}


def wamp_scram(kind, binding=None, **changes):
    known = account("scram", kind) | changes
    spoil = {"spoil": changes["spoil"]} if "spoil" in changes else {}
    return {"wamp-scram": authenticators.Scram(known["authid"], known["secret"], binding, **spoil)}


def key(kind, **more):
    return {"cryptosign": {"privkey": account("cryptosign", kind)["key"]} | more}


async def a01_anonymous(place):
    details = await admitted(place, GUEST, None, "anonymous", "anonymous")
    equal(len(details.authid) > 10, True)
    # No HELLO.Details.authmethods at all means the same.
    await admitted(place, None, None, "anonymous", "anonymous")
    await refused(place, GUEST, "wamp.error.no_such_realm", realm="nowhere")


async def a02_tickets(place):
    for kind in ("plain", "argon2", "bcrypt"):
        if kind in PLACES["accounts"]["ticket"]:
            await admitted(place, ticket(kind), *who("ticket", kind))


async def a02_wrong_tickets(place):
    """Nobody learns from a refusal who exists."""
    words = set()
    for kind in ("plain", "argon2", "bcrypt"):
        if kind in PLACES["accounts"]["ticket"]:
            words.add(await refused(place, ticket(kind, secret="wrong"), "wamp.error.not_authorized"))
            words.add(await refused(place, ticket(kind, secret=""), "wamp.error.not_authorized"))
    unknown = await refused(place, ticket("plain", authid="nobody"), "wamp.error.not_authorized", theirs=UNKNOWN)
    if not CROSSBAR:
        equal(words, {unknown})
    await refused(place.on("few"), ticket("lost"), "wamp.error.no_such_role")


async def a03_wampcra(place):
    for kind in ("plain", "salted"):
        await admitted(place, wampcra(kind), *who("wampcra", kind))


async def a03_wrong_secrets(place):
    words = {await refused(place, wampcra(kind, secret="wrong"), "wamp.error.not_authorized") for kind in ("plain", "salted")}
    unknown = await refused(place, wampcra("plain", authid="nobody"), "wamp.error.not_authorized", theirs=UNKNOWN)
    if not CROSSBAR:
        equal(words, {unknown})


async def a04_scram_of_autobahn(place):
    details = await admitted(place, scram("argon2"), *who("scram", "argon2"))
    equal("scram_server_signature" in details.authextra, True)
    words = {await refused(place, scram("argon2", secret="wrong"), "wamp.error.not_authorized")}
    for name in ("nobody", "somebody", "anybody"):
        # Who is challenged like a principal with PBKDF2 finds that Autobahn fails there.
        reasons = {"wamp.error.not_authorized", "wamp.error.cannot_authenticate", "wamp.error.no_such_principal"}
        reason, said = await refusal(place, scram("argon2", authid=name))
        equal(reason in reasons, True)
        words |= {said} if reason == "wamp.error.not_authorized" and not CROSSBAR else set()
    equal(len(words), 1)


async def a04_wamp_scram(place):
    for kind in ("argon2id13", "pbkdf2"):
        known = account("scram", kind)
        login = wamp_scram(kind)
        await admitted(place, login, known["authid"], known["role"], "wamp-scram")
        equal(login["wamp-scram"].verified, True)


async def a04_wrong_proofs(place):
    def other_nonce(answer):
        proof, extra = answer
        return proof, extra | {"nonce": "AAAA" + extra["nonce"]}

    def invented_binding(answer):
        proof, extra = answer
        return proof, extra | {"channel_binding": "tls-exporter", "cbind_data": "AAAA"}

    reason = "wamp.error.not_authorized"
    words = {await refused(place, wamp_scram(kind, secret="wrong"), reason) for kind in ("argon2id13", "pbkdf2")}
    # A principal that exists and cannot be: both are challenged.
    words.add(await refused(place, wamp_scram("pbkdf2", authid="nobody"), reason))
    equal(len(words), 1)
    for spoil in (other_nonce, invented_binding):
        await refused(place, wamp_scram("pbkdf2", spoil=spoil), reason)


async def a05_keys(place):
    await admitted(place, key("kim", authid="kim"), *who("cryptosign", "kim"))
    # The key alone says who it is.
    await admitted(place, key("kim"), *who("cryptosign", "kim"))
    await admitted(place, key("twin", authid="castor"), "castor", "user", "cryptosign")
    await admitted(place, key("twin", authid="pollux"), "pollux", "guest", "cryptosign")


async def a05_wrong_keys(place):
    reason = "wamp.error.not_authorized"
    await refused(place, key("foreign"), reason, theirs=UNKNOWN)
    await refused(place, key("foreign", authid="kim"), reason, theirs=UNKNOWN)
    await refused(place, key("kim", authid="castor"), reason, theirs=UNKNOWN)
    if not CROSSBAR:
        # Of two principals with one key the key alone says nothing.
        await refused(place, key("twin"), reason)
    secret = account("cryptosign", "kim")["key"]
    other = authenticators.Key(secret, spoil=lambda message: bytes(32))
    await refused(place, {"cryptosign": other}, reason)


async def a07_the_router_proves_its_key(place):
    login = authenticators.Key(account("cryptosign", "kim")["key"], mutual=True)
    await admitted(place, {"cryptosign": login}, *who("cryptosign", "kim"))
    equal(login.router, PLACES["router"]())


async def a06_proofs_are_bound_to_the_connection(place):
    secret = account("cryptosign", "kim")["key"]
    for mutual in (False, True):
        login = authenticators.Key(secret, binding="tls-exporter", mutual=mutual)
        await admitted(place, {"cryptosign": login}, *who("cryptosign", "kim"))
    for kind in ("argon2id13", "pbkdf2"):
        known = account("scram", kind)
        login = wamp_scram(kind, "tls-exporter")
        await admitted(place, login, known["authid"], known["role"], "wamp-scram")
        equal(login["wamp-scram"].verified, True)
    # A signature that somebody on the way took from another connection.
    stale = authenticators.Key(secret, binding="tls-exporter", spoil=lambda message: authenticators.xor(message, b"x" * 32))
    await refused(place, {"cryptosign": stale}, "wamp.error.not_authorized")


async def a06_what_tls_does_not_have_any_more(place):
    """`tls-unique` is no matter of TLS 1.3: Autobahn signs with it all the same. Crossbar.io accepts that; here its user is told."""
    login = key("kim", authid="kim", authextra={"channel_binding": "tls-unique"})
    if CROSSBAR:
        await admitted(place, login, *who("cryptosign", "kim"))
    else:
        words = await refused(place, login, "wamp.error.not_authorized")
        equal("channel binding" in words, True)


async def a06_no_binding_without_tls(place):
    """The router does not echo what it cannot do, and the client gives up; a SCRAM client is refused as the specification says."""
    login = authenticators.Key(account("cryptosign", "kim")["key"], binding="tls-exporter")
    await refused(place, {"cryptosign": login}, "wamp.error.cannot_authenticate")
    await refused(place, wamp_scram("pbkdf2", "tls-exporter"), "wamp.error.not_authorized")


async def a10_certificates(place):
    """Whose certificate it is; not the one that no principal has, and none of a foreign authority."""
    here = place.on("mutual")
    login = {"tls": authenticators.Silent("tls")}
    await admitted(here.showing("gateway"), login, "gateway", "device", "tls")
    await refused(here.showing("unlisted"), login, "wamp.error.not_authorized")
    if not CROSSBAR:
        named = {"tls": authenticators.Silent("tls", authid="gateway")}
        await admitted(here.showing("gateway"), named, "gateway", "device", "tls")
    for certificate in ("stranger", None):
        await refused(here.showing(certificate), login, None)


async def a00_the_first_that_there_is(place):
    """In the client's order; what the transport does not have is skipped, and names that nobody knows."""
    both = ticket("plain") | {"wampcra": {"authid": "tina", "secret": "x"}}
    await admitted(place, both, "tina", "user", "ticket")
    # The other way round the first one counts, and is failed.
    turned = dict(reversed(both.items()))
    await refused(place, turned, "wamp.error.not_authorized", theirs=UNKNOWN)
    few = place.on("few")
    skipped = {"scram": {"authid": "tina", "password": "x"}} | ticket("plain")
    await admitted(few, skipped, "tina", "user", "ticket")
    if not CROSSBAR:
        strange = {"x-unheard-of": authenticators.Silent("x-unheard-of", "tina")} | ticket("plain")
        await admitted(few, strange, "tina", "user", "ticket")
        await refused(few, {"x-unheard-of": authenticators.Silent("x-unheard-of")}, "wamp.error.no_auth_method")


async def a00_none_in_common(place):
    few = place.on("few")
    for login in (GUEST, None, key("kim"), scram("argon2")):
        await refused(few, login, "wamp.error.no_auth_method")


async def a05_proxies(place):
    """A proxy that has proven its key says who its client is."""
    known = PLACES["accounts"]["cryptosign-proxy"]
    client = {"proxy_realm": "realm1", "proxy_authid": "zoe", "proxy_authrole": "guest", "proxy_authextra": {"k": 1}}
    login = {"cryptosign-proxy": {"privkey": known["key"], "authextra": dict(client)}}
    details = await admitted(place, login, "zoe", "guest", "cryptosign-proxy", provider=None)
    equal(details.authextra.get("k"), 1)
    foreign = {"cryptosign-proxy": {"privkey": account("cryptosign", "kim")["key"], "authextra": dict(client)}}
    await refused(place, foreign, "wamp.error.not_authorized")
    trusted = {"cryptosign-proxy": {"privkey": known["key"], "authextra": client | {"proxy_authrole": "trusted"}}}
    await refused(place, trusted, "wamp.error.no_such_role")


async def a01_proxies_on_unix_sockets(place):
    here = place.by_unix(PLACES["proxy"])
    client = {"proxy_realm": "realm1", "proxy_authid": "zoe", "proxy_authrole": "guest"}
    await admitted(here, {"anonymous-proxy": {"authextra": client}}, "zoe", "guest", "anonymous-proxy", provider=None)
    await refused(place, {"anonymous-proxy": {"authextra": client}}, "wamp.error.no_auth_method")
    await admitted(here, ticket("plain"), *who("ticket", "plain"))


def who(method, kind):
    known = account(method, kind)
    return known["authid"], known["role"], method


# What Crossbar.io says where it does not hide who exists.
UNKNOWN = ("wamp.error.no_such_principal", "wamp.error.not_authorized")
EVERYWHERE = [
    a00_the_first_that_there_is,
    a00_none_in_common,
    a01_anonymous,
    a02_tickets,
    a02_wrong_tickets,
    a03_wampcra,
    a03_wrong_secrets,
    a04_scram_of_autobahn,
    a05_keys,
    a05_wrong_keys,
    a07_the_router_proves_its_key,
]
OURS = [a04_wamp_scram, a04_wrong_proofs, a05_proxies]
PLAIN = [a10_certificates]
PLAIN_OURS = [a06_no_binding_without_tls, a01_proxies_on_unix_sockets]


def chosen(tls):
    checks = list(EVERYWHERE)
    if not tls:
        checks += PLAIN
    if not CROSSBAR:
        checks += OURS
        if not tls:
            checks += PLAIN_OURS
    if tls:
        checks.append(a06_what_tls_does_not_have_any_more)
    if tls and not CROSSBAR and FRAMEWORK == "twisted":
        # The ssl module of Python 3.11 exports no keying material.
        checks.append(a06_proofs_are_bound_to_the_connection)
    return checks


def columns():
    for place in Place.all():
        yield place, chosen(place.tls)


async def main():
    checks = Checks()
    components = Place("raw", "cbor")
    started = [await start(components) for start in (dynamic.AUTHORITY.start, dynamic.AUTHORITY.start_here, judging.JUDGE.start)]
    parts = [columns(), dynamic.columns(), judging.columns()] + ([] if CROSSBAR else [tokens.columns()])

    async def column(place, rows):
        for check in rows:
            if len(sys.argv) < 4 or sys.argv[3] in check.__name__:
                await checks.hold(f"{place} {check.__name__}", check(place))

    await LOOP.together([column(place, rows) for part in parts for place, rows in part])
    for session in started:
        await LOOP.within(session.leave())
    sys.stdout.write(f"{checks.passed} passed, {checks.failed} failed\n")


if __name__ == "__main__":
    LOOP.run(main)
