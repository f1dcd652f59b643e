"""Authenticators that Autobahn|Python lacks, written from the WAMP specification, in the form that its sessions take."""

import base64
import hashlib
import hmac
import os

import argon2.low_level
import nacl.signing
import txaio
from autobahn.wamp.auth import IAuthenticator
from autobahn.wamp.message import Authenticate


def exported(session):
    """What RFC 9266 binds a proof to, of the TLS connection of a session on Twisted."""
    connection = session._transport.transport.getHandle()
    return connection.export_keying_material(b"EXPORTER-Channel-Binding", 32, b"")


class Silent:
    """Offers a method to which there is no challenge, such as `tls`, or which nobody has."""

    def __init__(self, name, authid=None, authextra=None):
        self.name, self.authextra = name, authextra or {}
        self._args = {} if authid is None else {"authid": authid}

    def on_challenge(self, _session, challenge):
        raise RuntimeError(f"challenged with {challenge.method}")

    def on_welcome(self, _session, _authextra):
        return None


class Scram:
    """`wamp-scram`, section "Salted Challenge Response Authentication Mechanism"."""

    name = "wamp-scram"

    def __init__(self, authid, password, binding=None, spoil=lambda answer: answer):
        self._args = {"authid": authid}
        self.authid, self.password, self.binding, self.spoil = authid, password.encode(), binding, spoil
        self.nonce = base64.b64encode(os.urandom(16)).decode()
        self.verified = False

    @property
    def authextra(self):
        return {"nonce": self.nonce, "channel_binding": self.binding}

    def on_challenge(self, session, challenge):
        extra = challenge.extra
        nonce, salt, iterations = extra["nonce"], extra["salt"], extra["iterations"]
        if not nonce.startswith(self.nonce) or nonce == self.nonce:
            raise RuntimeError("the router's nonce does not begin with the client's")
        header = "n,," if self.binding is None else f"p={self.binding},,"
        data = b"" if self.binding is None else exported(session)
        bound = base64.b64encode(header.encode() + data).decode()
        name = self.authid.replace("=", "=3D").replace(",", "=2C")
        self.message = f"n={name},r={self.nonce},r={nonce},s={salt},i={iterations},c={bound},r={nonce}".encode()
        self.salted = self.derived(extra["kdf"], base64.b64decode(salt), iterations, extra.get("memory"))
        key = hmac.digest(self.salted, b"Client Key", hashlib.sha256)
        signature = hmac.digest(hashlib.sha256(key).digest(), self.message, hashlib.sha256)
        proof = base64.b64encode(bytes(a ^ b for a, b in zip(key, signature))).decode()
        answer = {
            "nonce": nonce,
            "channel_binding": self.binding,
            "cbind_data": base64.b64encode(data).decode() if self.binding else None,
        }
        # Autobahn sends no `extra`: the answer goes out here, and what it waits for never comes.
        session._transport.send(Authenticate(*self.spoil((proof, answer))))
        return txaio.create_future()

    def derived(self, kdf, salt, iterations, memory):
        if kdf == "pbkdf2":
            return hashlib.pbkdf2_hmac("sha256", self.password, salt, iterations, 32)
        if kdf != "argon2id13":
            raise RuntimeError(f"unknown kdf {kdf}")
        return argon2.low_level.hash_secret_raw(
            self.password, salt, iterations, memory, 1, 32, argon2.low_level.Type.ID, version=19
        )

    def on_welcome(self, _session, authextra):
        key = hmac.digest(self.salted, b"Server Key", hashlib.sha256)
        expected = hmac.digest(key, self.message, hashlib.sha256)
        self.verified = hmac.compare_digest(base64.b64decode(authextra["verifier"]), expected)
        return None if self.verified else "the router's verifier is wrong"


class Key:
    """`cryptosign`: bound to the connection if `binding` says so, and asking the router to sign a challenge, too, if `mutual`."""

    name = "cryptosign"

    def __init__(self, key, authid=None, binding=None, mutual=False, spoil=lambda message: message):
        self._args = {} if authid is None else {"authid": authid}
        self.key = nacl.signing.SigningKey(bytes.fromhex(key))
        self.binding, self.spoil = binding, spoil
        self.challenge = os.urandom(32) if mutual else None
        self.router = None

    @property
    def authextra(self):
        extra = {"pubkey": self.key.verify_key.encode().hex()}
        if self.binding is not None:
            extra["channel_binding"] = self.binding
        if self.challenge is not None:
            extra["challenge"] = self.challenge.hex()
        return extra

    def on_challenge(self, session, challenge):
        if challenge.extra.get("channel_binding") != self.binding:
            raise RuntimeError(f"bound to {challenge.extra.get('channel_binding')}, not to {self.binding}")
        channel = bytes(32) if self.binding is None else exported(session)
        if self.challenge is not None:
            signed = nacl.signing.VerifyKey(bytes.fromhex(challenge.extra["pubkey"])).verify(
                bytes.fromhex(challenge.extra["signature"])
            )
            if signed != xor(self.challenge, channel):
                raise RuntimeError("the router signed something else")
            self.router = challenge.extra["pubkey"]
        message = self.spoil(xor(bytes.fromhex(challenge.extra["challenge"]), channel))
        return self.key.sign(message).hex()

    def on_welcome(self, _session, _authextra):
        return None


def xor(one, other):
    return bytes(a ^ b for a, b in zip(one, other, strict=True))


for kind in (Silent, Scram, Key):
    IAuthenticator.register(kind)
