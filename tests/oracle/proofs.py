"""What clients prove themselves with, and what routers prove to them.

Every key, nonce and salt is made from a name, so that configurations can have what belongs to it and scripts can name it:

    python proofs.py key NAME              the public key, as `authorized_keys` has it
    python proofs.py scram KDF PASSWORD    the keys of a principal of `scram`
"""

import base64
import hashlib
import hmac
import json
import sys

import argon2.low_level
import nacl.exceptions
import nacl.signing

SALT = bytes.fromhex("accaa46c6ab14a5e")
ITERATIONS = {"pbkdf2": 1000, "argon2id-13": 2}
MEMORY = 64
NONCE = base64.b64encode(b"a client's nonce").decode()


def key(name):
    """The Ed25519 key of this name."""
    return nacl.signing.SigningKey(hashlib.sha256(f"key of {name}".encode()).digest())


def public_key(name):
    """Its public half, in hexadecimal digits."""
    return key(name).verify_key.encode().hex()


def challenge(name):
    """What a client of this name asks its router to sign."""
    return hashlib.sha256(f"challenge of {name}".encode()).hexdigest()


class Proof:
    """A client's side of one login: what it said in HELLO and how it answers CHALLENGE."""

    def __init__(self, hello):
        self.authid = hello.get("authid") or ""
        self.extra = hello.get("authextra") or {}
        self.server_signature = None

    def answer(self, method, asked, secret):
        """The signature of AUTHENTICATE; `secret` is a password, or a key's name."""
        if method == "wampcra":
            return wampcra(asked, secret)
        if method == "scram":
            return self._scram(asked, secret)
        if method in ("cryptosign", "cryptosign-proxy"):
            return key(secret).sign(bytes.fromhex(asked["challenge"])).hex()
        return secret

    def _scram(self, asked, password):
        """Autobahn's dialect: `c=` is empty, and with Argon2 the text of the hash is the key."""
        salted = salted_password(asked["kdf"], password, base64.b64decode(asked["salt"]), asked)
        bare = f"n={self.authid},r={self.extra.get('nonce')}"
        first = f"r={asked['nonce']},s={asked['salt']},i={asked['iterations']}"
        message = f"{bare},{first},c=,r={asked['nonce']}".encode()
        client_key, stored_key, server_key = scram_keys(salted)
        self.server_signature = base64.b64encode(_mac(server_key, message)).decode()
        signature = _mac(stored_key, message)
        return base64.b64encode(bytes(a ^ b for a, b in zip(client_key, signature))).decode()

    def challenged(self, extra):
        """CHALLENGE's extra without what is different each time, and with a verdict on what the router proves."""
        extra = dict(extra)
        if str(extra.get("challenge", "")).startswith("{"):
            told = json.loads(extra["challenge"])
            told |= {name: f"<{name}>" for name in ("nonce", "timestamp", "session") if told.get(name)}
            extra["challenge"] = told
        elif "challenge" in extra:
            extra["challenge"] = f"<{len(extra['challenge'])} digits>"
        if "nonce" in extra:
            begin = base64.b64decode(self.extra.get("nonce") or "")
            begins = base64.b64decode(extra["nonce"]).startswith(begin)
            extra["nonce"] = "<the client's and more>" if begins else "<another>"
        if "signature" in extra:
            extra["signature"] = self._of_the_router(extra)
            extra["pubkey"] = "<the node's>"
        return extra

    def welcomed(self, extra):
        """The same for WELCOME's."""
        extra = {name: value for name, value in extra.items() if not name.startswith("x_")}
        if "scram_server_signature" in extra:
            good = extra["scram_server_signature"] == self.server_signature
            extra["scram_server_signature"] = "<good>" if good else "<bad>"
        return extra

    def _of_the_router(self, extra):
        try:
            signer = nacl.signing.VerifyKey(bytes.fromhex(extra["pubkey"]))
            message = signer.verify(bytes.fromhex(extra["signature"]))
        except (KeyError, ValueError, nacl.exceptions.CryptoError):
            return "<bad>"
        return "<good>" if message.hex() == self.extra.get("challenge") else "<of something else>"


def wampcra(asked, secret):
    """The signature over the text of the challenge; with a salt, the key is the base64 text of the derived octets."""
    secret = secret.encode()
    if "salt" in asked:
        salt = asked["salt"].encode()
        derived = hashlib.pbkdf2_hmac("sha256", secret, salt, asked["iterations"], asked["keylen"])
        secret = base64.b64encode(derived)
    return base64.b64encode(_mac(secret, asked["challenge"].encode())).decode()


def salted_password(kdf, password, salt, costs):
    """What both keys of SCRAM are made from."""
    if kdf == "pbkdf2":
        return hashlib.pbkdf2_hmac("sha256", password.encode(), salt, costs["iterations"], 32)
    hashed = argon2.low_level.hash_secret_raw(
        password.encode(), salt, costs["iterations"], costs["memory"], 1, 32, argon2.low_level.Type.ID, 19
    )
    return base64.b64encode(hashed).rstrip(b"=")


def scram_keys(salted):
    """The client's key, the stored key and the server's key."""
    client_key = _mac(salted, b"Client Key")
    return client_key, hashlib.sha256(client_key).digest(), _mac(salted, b"Server Key")


def _mac(secret, message):
    return hmac.digest(secret, message, "sha256")


def main():
    if sys.argv[1] == "key":
        sys.stdout.write(f"{public_key(sys.argv[2])}\n")
        return
    kdf, password = sys.argv[2:]
    costs = {"iterations": ITERATIONS[kdf], "memory": MEMORY}
    _, stored_key, server_key = scram_keys(salted_password(kdf, password, SALT, costs))
    keys = {"salt": SALT.hex(), "stored-key": stored_key.hex(), "server-key": server_key.hex()}
    sys.stdout.write(f"{json.dumps({'kdf': kdf} | costs | keys)}\n")


if __name__ == "__main__":
    main()
