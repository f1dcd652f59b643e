"""The components of the tests that tell who a client is and what it may do, with Autobahn|Python."""

import txaio
from autobahn.wamp.exception import ApplicationError
from autobahn.wamp.types import RegisterOptions

from logins import PLACES, account
from peer import LOOP, joined


def ticket_of(name):
    known = account("ticket", name)
    return {"ticket": {"authid": known["authid"], "ticket": known["secret"]}}


class Authority:
    """Registers `com.authority.METHOD` of each method. What it does depends on `authextra.want` or the authid:

    `denied…` is refused, for `raising…` it fails, to `slow…` it says nothing, to `odd…` something that means nothing; for anybody else it knows what
    `accounts.py` has of the method. It keeps each question by the id of the session that it is about.
    """

    def __init__(self):
        self.asked = {}

    async def start(self, place):
        session = await joined(place.transport(), ticket_of("authority"), "authenticators")
        for method in ("anonymous", "ticket", "wampcra", "scram", "cryptosign", "tls"):
            answer = getattr(self, method)
            await LOOP.within(session.register(self.asking(method, answer), f"com.authority.{method}"))
        return session

    async def start_here(self, place):
        """The one in the realm of its clients, which names no role."""
        session = await joined(place.transport(), ticket_of("plain"))
        answer = self.asking("here", lambda realm, authid, details: {"realm": realm, "authid": authid})
        await LOOP.within(session.register(answer, "com.authority.here"))
        return session

    def asking(self, method, answer):
        def authenticate(realm, authid, details):
            extra = details.get("authextra") or {}
            want = extra.get("want") or authid or ""
            self.asked[details["session"]] = (method, realm, authid, details)
            if want.startswith("denied"):
                raise ApplicationError("com.authority.error.denied", "denied by the authority", want)
            if want.startswith("raising"):
                raise ValueError("the authority is broken")
            if want.startswith("slow"):
                return txaio.create_future()
            if want.startswith("odd"):
                return 7
            return answer(realm, authid, details)

        return authenticate

    def anonymous(self, realm, authid, details):
        want = details["authextra"].get("want") if details.get("authextra") else None
        return "guest" if want is None else self.principal(want, "user")

    def ticket(self, realm, authid, details):
        known = account("ticket", "plain")
        if authid == known["authid"] and details["ticket"] == known["secret"]:
            return {"realm": realm, "authid": authid, "role": known["role"], "extra": {"from": "authority"}}
        if authid == "moved":
            return {"realm": "realm2", "authid": "moved-on", "role": "user"}
        if authid == "trusted":
            return {"realm": realm, "authid": authid, "role": "trusted"}
        if authid == "roleless":
            return {"realm": realm, "authid": authid}
        raise ApplicationError("com.authority.error.unknown", "no such ticket")

    def wampcra(self, realm, authid, details):
        if authid == "sally":
            known = account("wampcra", "salted")
            material = {name: known[name] for name in ("secret", "salt", "iterations", "keylen")}
            return self.principal(authid, known["role"]) | material
        known = account("wampcra", "plain")
        return self.principal(authid, known["role"]) | {"secret": known["secret"]}

    def scram(self, realm, authid, details):
        known = next(one for one in PLACES["accounts"]["scram"].values() if one["authid"] == authid)
        return self.principal(authid, known["role"]) | known["material"]

    def cryptosign(self, realm, authid, details):
        known = account("cryptosign", "kim")
        return self.principal(authid or "kim", known["role"]) | {"pubkey": known["pubkey"]}

    def tls(self, realm, authid, details):
        certificate = details["transport"]["peer_cert"]
        if certificate["sha1"] != PLACES["files"]["gateway.sha1"]:
            raise ApplicationError("com.authority.error.unknown", "no such certificate")
        return self.principal("gate", "device")

    @staticmethod
    def principal(authid, role):
        return {"realm": "realm1", "authid": authid, "role": role}


class Judge:
    """Registers `com.judge.judged`, which decides by the last component of a URI, and one that never answers."""

    def __init__(self):
        self.asked = []

    async def start(self, place):
        self.session = session = await joined(place.transport(), ticket_of("judge"))
        await LOOP.within(session.register(self.judged, "com.judge.judged"))
        await LOOP.within(session.register(lambda *_: txaio.create_future(), "com.judge.judged_late"))
        await LOOP.within(session.register(lambda: "served", "com.judged.", RegisterOptions(match="prefix")))
        return session

    def judged(self, session, uri, action, options):
        self.asked.append((session, uri, action, options))
        verdict = uri.rsplit(".", 1)[-1]
        if verdict == "raises":
            raise ApplicationError("com.judge.error.absent", "the judge is out")
        return {
            "yes": True,
            "no": False,
            # Crossbar.io never acknowledges a PUBLISH that is granted without a word about disclosure.
            "granted": {"allow": True} | ({"disclose": False} if PLACES["crossbar"] else {}),
            "denied": {"allow": False},
            "kept": {"allow": True, "cache": True},
            "withheld": {"allow": False, "cache": True},
            "shared": {"allow": True, "cache": "role"},
            "disclosed": {"allow": True, "disclose": True},
            "odd": 7,
        }[verdict]

    def asked_by(self, session):
        """The last question about a session."""
        return next(asked for asked in reversed(self.asked) if asked[0]["session"] == session.join_details.session)

    def count(self, uri):
        return sum(1 for _, about, _, _ in self.asked if about == uri)
