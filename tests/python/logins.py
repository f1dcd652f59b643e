"""Logging in with Autobahn|Python at the places of a node that `tests/node/methods.py` has set up."""

import dataclasses
import itertools
import json
import pathlib
import sys

from peer import FRAMEWORK, LOOP, Refused, endpoint, equal, joined

PLACES = json.loads(pathlib.Path(sys.argv[2]).read_text())
SERIALIZERS = ["json", "msgpack", "cbor"]


def account(method, kind):
    return PLACES["accounts"][method][kind]


def router_key():
    """The public key of the node."""
    text = (pathlib.Path(sys.argv[2]).parent / ".crossbar/key.pub").read_text()
    return next(line.split()[-1] for line in text.splitlines() if line.startswith("public-key-ed25519:"))


PLACES["router"] = router_key


@dataclasses.dataclass(frozen=True)
class Place:
    """A transport of the node, and how to speak there."""

    kind: str
    serializer: str
    port: str = "static"
    tls: bool = False
    certificate: str | None = None
    unix: str | None = None

    @classmethod
    def all(cls):
        for port, kind, serializer in itertools.product(("static", "tls"), ("ws", "raw"), SERIALIZERS):
            yield cls(kind, serializer, port, port == "tls")

    def __str__(self):
        return f"{self.kind} {self.serializer} {self.port}"

    def on(self, port):
        return dataclasses.replace(self, port=port, tls=False)

    def showing(self, certificate):
        """Over TLS, with a certificate of the client's."""
        return dataclasses.replace(self, tls=True, certificate=certificate)

    def by_unix(self, path):
        return dataclasses.replace(self, unix=path, tls=False)

    def transport(self):
        tls = context(self.certificate) if self.tls else None
        found = endpoint(self.kind, self.serializer, ["localhost" if self.tls else "127.0.0.1", self.number(), "/ws"], tls)
        if self.unix is not None:
            found["endpoint"] = {"type": "unix", "path": self.unix}
        return found

    def number(self):
        return PLACES["ports"][self.port]


def context(certificate):
    """What the `tls` of an endpoint takes."""
    files = PLACES["files"]
    if certificate is None:
        return {"hostname": "localhost", "trust_root": files["ca.crt"]}
    if FRAMEWORK == "twisted":
        from twisted.internet import ssl

        own = pathlib.Path(files[f"{certificate}.key"]).read_text() + pathlib.Path(files[f"{certificate}.crt"]).read_text()
        return ssl.optionsForClientTLS(
            "localhost",
            trustRoot=ssl.Certificate.loadPEM(pathlib.Path(files["ca.crt"]).read_text()),
            clientCertificate=ssl.PrivateCertificate.loadPEM(own),
        )
    import ssl

    made = ssl.create_default_context(cafile=files["ca.crt"])
    made.load_cert_chain(files[f"{certificate}.crt"], files[f"{certificate}.key"])
    return made


async def admitted(place, login, authid, role, method, provider="static", realm="realm1"):
    """Joins, compares what WELCOME and the meta API say, and leaves. Gives WELCOME's details."""
    session = await joined(place.transport(), login, realm)
    details = session.join_details
    if authid is not None:
        equal(details.authid, authid)
    equal([details.authrole, details.authmethod], [role, method])
    if provider is not None:
        equal(details.authprovider, provider)
    # Crossbar.io tells of a certificate's serial number, which MessagePack has no integer for, and then never answers.
    if not (PLACES["crossbar"] and place.certificate and place.serializer == "msgpack"):
        known = await LOOP.within(session.call("wamp.session.get", details.session))
        expected = [details.authid, details.authrole, details.authmethod, details.authprovider]
        equal([known[name] for name in ("authid", "authrole", "authmethod", "authprovider")], expected)
    await LOOP.within(session.leave())
    return details


async def refused(place, login, reason, realm="realm1", theirs=()):
    """Must be refused for this reason. Gives the words. `theirs`: what Crossbar.io may say instead."""
    said, words = await refusal(place, login, realm)
    if not (PLACES["crossbar"] and said in theirs):
        equal(said, reason)
    return words


async def refusal(place, login, realm="realm1"):
    """Must be refused. Gives reason and words, no reason if the connection fails before the router says anything."""
    try:
        session = await joined(place.transport(), login, realm)
    except Refused as raised:
        return raised.reason, raised.message
    except RuntimeError as raised:
        return None, str(raised)
    details = session.join_details
    await LOOP.within(session.leave())
    raise AssertionError(f"let in as {details.authid}, {details.authrole}, by {details.authmethod}")


# A router answers late where many of one address fail to prove who they are.
LOOP.come_from(f"127.1.{number // 250 % 250}.{number % 250 + 1}" for number in itertools.count())
