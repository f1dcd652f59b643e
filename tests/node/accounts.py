"""Who may log in, and how: `auth` of a transport, and what the clients know.

Hashes and keys are computed here from passwords with libraries of their own: argon2-cffi, bcrypt, hashlib and PyNaCl.
"""

import base64
import dataclasses
import hashlib
import hmac

import argon2.low_level
import bcrypt
import nacl.signing

SALT = bytes.fromhex("accaa46c6ab14a5e93a9b4d5f8b1c2d3")
ITERATIONS, MEMORY = 2, 512
LOST = {"authid": "lost", "secret": "lost", "role": "nowhere"}


@dataclasses.dataclass
class People:
    """`methods` is what a transport's `auth` has, `clients` what those know who log in: by method and kind."""

    methods: dict
    clients: dict

    def with_lost(self):
        """`auth.ticket` with one whose role is on no realm."""
        principals = {LOST["authid"]: {"ticket": LOST["secret"], "role": LOST["role"]}}
        return {"type": "static", "principals": self.methods["ticket"]["principals"] | principals}

    def by_certificate(self, files):
        """`auth.tls`: the gateway by its fingerprint."""
        gateway = {"certificate-sha1": files["gateway.sha1"], "role": "device"}
        return {"type": "static", "principals": {"gateway": gateway}}


def make(crossbar):
    kinds = [tickets(crossbar), wampcra(), scram(crossbar), cryptosign()]
    methods = {"anonymous": {"type": "static", "role": "anonymous"}}
    clients = {}
    for own, known in kinds:
        methods |= own
        clients |= known
    clients["ticket"]["lost"] = LOST
    if not crossbar:
        proxy = nacl.signing.SigningKey(hashlib.sha256(b"proxy").digest())
        clients["cryptosign-proxy"] = {"key": proxy.encode().hex()}
        principals = {"edge": {"authorized_keys": [proxy.verify_key.encode().hex()]}}
        methods["cryptosign-proxy"] = {"type": "static", "principals": principals}
    return People(methods, clients)


def tickets(crossbar):
    clients = {
        "plain": {"authid": "tina", "secret": "the ticket of tina", "role": "user"},
        "argon2": {"authid": "argus", "secret": "the ticket of argus \u00e9", "role": "device"},
        "bcrypt": {"authid": "becky", "secret": "the ticket of becky", "role": "guest"},
        "authority": {"authid": "authority", "secret": "authority", "role": "authenticator"},
        "judge": {"authid": "judge", "secret": "judge", "role": "judge"},
        "judged": {"authid": "judged", "secret": "judged", "role": "judged"},
        "judged-late": {"authid": "judged-late", "secret": "judged", "role": "judged-late"},
        "judged-by-nobody": {"authid": "judged-by-nobody", "secret": "judged", "role": "judged-by-nobody"},
    }
    if crossbar:
        del clients["argon2"], clients["bcrypt"]
    principals = {one["authid"]: {"ticket": one["secret"], "role": one["role"]} for one in clients.values()}
    if not crossbar:
        hasher = argon2.PasswordHasher(time_cost=1, memory_cost=MEMORY, parallelism=1)
        principals["argus"]["ticket"] = hasher.hash(clients["argon2"]["secret"])
        hashed = bcrypt.hashpw(clients["bcrypt"]["secret"].encode(), bcrypt.gensalt(4))
        principals["becky"]["ticket"] = hashed.decode()
    return {"ticket": {"type": "static", "principals": principals}}, {"ticket": clients}


def wampcra():
    clients = {
        "plain": {"authid": "carl", "secret": "the secret of carl", "role": "user"},
        "salted": {"authid": "sally", "secret": "the secret of sally", "role": "device"},
    }
    salted = {"salt": "salt of sally", "iterations": 100, "keylen": 32}
    users = {
        "carl": {"secret": clients["plain"]["secret"], "role": "user"},
        "sally": {"secret": clients["salted"]["secret"], "role": "device"} | salted,
    }
    clients["salted"] |= salted
    return {"wampcra": {"type": "static", "users": users}}, {"wampcra": clients}


def scram(crossbar):
    """`argon2` is for Autobahn's `scram`, which keys with a text, `argon2id13` and `pbkdf2` for `wamp-scram`."""
    clients, principals = {}, {}
    for kind, kdf in (("argon2", "argon2id-13"), ("argon2id13", "argon2id13"), ("pbkdf2", "pbkdf2")):
        if crossbar and kdf == "argon2id13":
            continue
        authid, password = f"scram-{kind}", f"the password of {kind}"
        derived = salted_password(kdf, password.encode())
        client_key = hmac.digest(derived, b"Client Key", "sha256")
        material = {
            "kdf": kdf,
            "iterations": ITERATIONS,
            "memory": MEMORY,
            "salt": SALT.hex(),
            "stored-key": hashlib.sha256(client_key).hexdigest(),
            "server-key": hmac.digest(derived, b"Server Key", "sha256").hex(),
        }
        principals[authid] = material | {"role": "user"}
        clients[kind] = {"authid": authid, "secret": password, "role": "user", "material": material}
    return {"scram": {"type": "static", "principals": principals}}, {"scram": clients}


def salted_password(kdf, password):
    if kdf == "pbkdf2":
        return hashlib.pbkdf2_hmac("sha256", password, SALT, ITERATIONS, 32)
    raw = argon2.low_level.hash_secret_raw(
        password, SALT, ITERATIONS, MEMORY, parallelism=1, hash_len=32, type=argon2.low_level.Type.ID, version=19
    )
    return raw if kdf == "argon2id13" else base64.b64encode(raw).rstrip(b"=")


def cryptosign():
    keys = {name: nacl.signing.SigningKey(hashlib.sha256(name.encode()).digest()) for name in ("kim", "twin", "foreign")}
    public = {name: key.verify_key.encode().hex() for name, key in keys.items()}
    clients = {
        "kim": {"authid": "kim", "key": keys["kim"].encode().hex(), "pubkey": public["kim"], "role": "device"},
        "twin": {"authid": "castor", "key": keys["twin"].encode().hex(), "pubkey": public["twin"], "role": "user"},
        "foreign": {"authid": "kim", "key": keys["foreign"].encode().hex(), "pubkey": public["foreign"], "role": "device"},
    }
    principals = {
        "kim": {"authorized_keys": [public["kim"]], "role": "device"},
        "castor": {"authorized_keys": [public["twin"]], "role": "user"},
        "pollux": {"authorized_keys": [public["twin"]], "role": "guest"},
    }
    return {"cryptosign": {"type": "static", "principals": principals}}, {"cryptosign": clients}
