"""Authenticators that are components, asked about clients of Autobahn|Python."""

import authenticators
from authority import Authority
from logins import PLACES, Place, account, admitted, refusal, refused
from peer import equal

AUTHORITY = Authority()
CROSSBAR = PLACES["crossbar"]


def logins():
    """A login of each method, with the authid and the role that it is to have."""
    ticket, plain, salted = account("ticket", "plain"), account("wampcra", "plain"), account("wampcra", "salted")
    scram, kim = account("scram", "argon2"), account("cryptosign", "kim")
    return [
        ({"anonymous": {"authextra": {"want": "visitor"}}}, "visitor", "user"),
        ({"ticket": {"authid": ticket["authid"], "ticket": ticket["secret"]}}, ticket["authid"], "user"),
        ({"wampcra": {"authid": plain["authid"], "secret": plain["secret"]}}, plain["authid"], "user"),
        ({"wampcra": {"authid": salted["authid"], "secret": salted["secret"]}}, salted["authid"], "device"),
        ({"scram": {"authid": scram["authid"], "password": scram["secret"]}}, scram["authid"], "user"),
        ({"cryptosign": {"privkey": kim["key"]}}, "kim", "device"),
        ({"cryptosign": {"privkey": kim["key"], "authid": "kim-alias"}}, "kim-alias", "device"),
    ]


async def a12_each_method_asks(place):
    for login, authid, role in logins():
        (method,) = login
        details = await admitted(place, login, authid, role, method, "dynamic")
        asked, realm, named, told = AUTHORITY.asked[details.session]
        equal([asked, realm, told["authmethod"]], [method, "realm1", method])
        if method == "anonymous":
            # Drawn by the router, as for every client without a name.
            equal(len(named) > 10, True)
        else:
            equal(named, None if authid == "kim" else authid)
        equal("peer" in told["transport"], True)
        if method == "anonymous":
            equal(told["authextra"], {"want": "visitor"})
        if method == "ticket":
            equal(details.authextra["from"], "authority")


async def a12_a_role_alone_is_enough(place):
    details = await admitted(place, {"anonymous": {}}, None, "guest", "anonymous", "dynamic")
    equal(len(details.authid) > 10, True)


async def a12_wamp_scram_asks(place):
    for kind in ("argon2id13", "pbkdf2"):
        known = account("scram", kind)
        login = {"wamp-scram": authenticators.Scram(known["authid"], known["secret"])}
        await admitted(place, login, known["authid"], "user", "wamp-scram", "dynamic")
        equal(login["wamp-scram"].verified, True)
        wrong = {"wamp-scram": authenticators.Scram(known["authid"], "wrong")}
        await refused(place, wrong, "wamp.error.not_authorized")


async def a12_certificates_are_told(place):
    here = place.on("mutual-dynamic")
    login = {"tls": authenticators.Silent("tls")}
    details = await admitted(here.showing("gateway"), login, "gate", "device", "tls", "dynamic")
    told = AUTHORITY.asked[details.session][3]["transport"]["peer_cert"]
    if not CROSSBAR:
        equal(told["sha256"], PLACES["files"]["gateway.sha256"])
    await refused(here.showing("unlisted"), login, "com.authority.error.unknown")


async def a12_one_in_the_realm_of_its_clients(place):
    """It names no role: the configured one counts."""
    await admitted(place.on("here"), {"ticket": {"authid": "hal", "ticket": "x"}}, "hal", "device", "ticket", "dynamic")
    await refused(place.on("here"), {"ticket": {"authid": "denied", "ticket": "x"}}, "com.authority.error.denied")


async def a12_another_realm(place):
    """The authenticator may send a client to another realm than it asked for."""
    await admitted(place, {"ticket": {"authid": "moved", "ticket": "x"}}, "moved-on", "user", "ticket", "dynamic")


async def a12_its_error_is_the_reason(place):
    for login in claims("denied"):
        equal(await refusal(place, login), ("com.authority.error.denied", "denied by the authority"))
    for login in claims("raising"):
        equal(await refusal(place, login), ("wamp.error.runtime_error", "the authority is broken"))


async def a12_nonsense_and_silence(place):
    for login in claims("odd"):
        await refused(place, login, "wamp.error.authentication_failed")
    # One is enough: it takes its time.
    await refused(place, {"ticket": {"authid": "slow", "ticket": "x"}}, "wamp.error.authentication_failed")
    await refused(place, {"ticket": {"authid": "trusted", "ticket": "x"}}, "wamp.error.authentication_failed")
    await refused(place, {"ticket": {"authid": "roleless", "ticket": "x"}}, "wamp.error.no_such_role")


async def a12_nobody_to_ask(place):
    here = place.on("missing")
    for login in ({"anonymous": {}}, *claims("joe")[:2]):
        await refused(here, login, "wamp.error.authentication_failed", theirs=["wamp.error.no_such_procedure"])


async def a12_what_it_tells_must_be_proven(place):
    reason = "wamp.error.not_authorized"
    await refused(place, {"ticket": {"authid": "tina", "ticket": "wrong"}}, "com.authority.error.unknown")
    await refused(place, {"wampcra": {"authid": "carl", "secret": "wrong"}}, reason)
    await refused(place, {"wampcra": {"authid": "sally", "secret": "wrong"}}, reason)
    await refused(place, {"scram": {"authid": account("scram", "argon2")["authid"], "password": "wrong"}}, reason)
    await refused(place, {"cryptosign": {"privkey": account("cryptosign", "foreign")["key"]}}, reason)


def claims(name):
    """Logins of somebody of this name by each method."""
    key = account("cryptosign", "kim")["key"]
    return [
        {"ticket": {"authid": name, "ticket": "x"}},
        {"wampcra": {"authid": name, "secret": "x"}},
        {"scram": {"authid": name, "password": "x"}},
        {"cryptosign": {"authid": name, "privkey": key}},
        {"anonymous": {"authextra": {"want": name}}},
    ]


THEIRS = [
    a12_each_method_asks,
    a12_a_role_alone_is_enough,
    a12_certificates_are_told,
    a12_another_realm,
    a12_one_in_the_realm_of_its_clients,
    a12_its_error_is_the_reason,
    a12_nobody_to_ask,
    a12_what_it_tells_must_be_proven,
]
CHECKS = THEIRS if CROSSBAR else THEIRS + [a12_wamp_scram_asks, a12_nonsense_and_silence]


def columns():
    for place in Place.all():
        if not place.tls:
            yield place.on("dynamic"), CHECKS
