"""An issuer of JSON Web Tokens, made with PyJWT, that serves its key set over HTTP and, the same, over TLS.

    issuer.py FOLDER

Writes its keys, its certificate, its `address` and its `secure-address` into `FOLDER/issuer`, then a line, and serves until it is ended:

- `GET /jwks.json`: the key set
- `POST /token` with `{"algorithm", "claims"}`: a token, for a minute and for the tests' audience if the claims do not say otherwise.
  `"header"` is added to that of the token; `"forged"` has it signed with a key that is in no set, `"confused"` with the octets of the public key as secret,
  `"turning"` with the key that turns.
- `POST /rotate`: a new key in place of that
"""

import base64
import datetime
import hashlib
import hmac
import http.server
import json
import pathlib
import secrets
import ssl
import sys
import threading
import time

import jwt
import jwt.algorithms
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

MAKERS = {
    "rsa": lambda: rsa.generate_private_key(65537, 2048),
    "ec": lambda: ec.generate_private_key(ec.SECP256R1()),
    "ed": ed25519.Ed25519PrivateKey.generate,
    "turning": lambda: rsa.generate_private_key(65537, 2048),
}
KINDS = {"R": "rsa", "P": "rsa", "E": "ec"}
READERS = {
    "rsa": jwt.algorithms.RSAAlgorithm,
    "ec": jwt.algorithms.ECAlgorithm,
    "ed": jwt.algorithms.OKPAlgorithm,
    "turning": jwt.algorithms.RSAAlgorithm,
}


class Keys:
    def __init__(self, folder):
        self.secret = secrets.token_hex(32)
        self.generation = 1
        self.private = {kind: make() for kind, make in MAKERS.items()}
        self.forger = {kind: make() for kind, make in MAKERS.items()}
        (folder / "secret").write_text(self.secret)
        for kind in ("rsa", "ec"):
            (folder / f"{kind}.pem").write_bytes(self.public(kind))
        (folder / "ed.json").write_text(json.dumps({"keys": [self.jwk("ed")]}))

    def public(self, kind):
        return self.private[kind].public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)

    def name(self, kind):
        return f"{kind}-{self.generation}" if kind == "turning" else kind

    def jwk(self, kind):
        public = self.private[kind].public_key()
        return READERS[kind].to_jwk(public, as_dict=True) | {"kid": self.name(kind), "use": "sig"}

    def rotate(self):
        self.generation += 1
        self.private["turning"] = MAKERS["turning"]()

    def token(self, algorithm, claims, header=None, forged=False, confused=False, turning=False):
        now = int(time.time())
        usual = {"iss": "https://issuer.test/", "aud": "com.test.wamp", "sub": "joe", "iat": now, "exp": now + 60}
        usual["realms"] = ["realm1"]
        claims = {name: value for name, value in (usual | claims).items() if value is not None}
        kind = "turning" if turning else "ed" if algorithm == "EdDSA" else KINDS.get(algorithm[0])
        header = ({"kid": self.name(kind)} if kind else {}) | (header or {})
        if confused:
            return self.confused(claims, header)
        if algorithm == "none":
            return jwt.encode(claims, None, algorithm="none", headers=header)
        own, others = (self.private, self.forger) if kind else ({None: self.secret}, {None: secrets.token_hex(32)})
        return jwt.encode(claims, (others if forged else own)[kind], algorithm=algorithm, headers=header)

    def confused(self, claims, header):
        """What PyJWT refuses to make: HS256 with the text of a public key as the secret."""
        octets = [json.dumps(part).encode() for part in (header | {"alg": "HS256", "typ": "JWT"}, claims)]
        signed = b".".join(base64.urlsafe_b64encode(part).rstrip(b"=") for part in octets)
        seal = hmac.digest(self.public("rsa"), signed, hashlib.sha256)
        return (signed + b"." + base64.urlsafe_b64encode(seal).rstrip(b"=")).decode()


class Desk(http.server.BaseHTTPRequestHandler):
    keys = None

    def do_GET(self):
        self.answer(json.dumps({"keys": [self.keys.jwk(kind) for kind in MAKERS]}) if self.path == "/jwks.json" else None)

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/token":
            self.answer(self.keys.token(**json.loads(body)))
        elif self.path == "/rotate":
            self.keys.rotate()
            self.answer(self.keys.name("turning"))
        else:
            self.answer(None)

    def answer(self, text):
        octets = (text or "").encode()
        self.send_response(404 if text is None else 200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(octets)))
        self.end_headers()
        self.wfile.write(octets)

    def log_message(self, *_):
        pass


def certified(folder):
    """A TLS context with a certificate for `localhost` that `tls.crt` has, too."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(now + datetime.timedelta(days=30))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
    certificate = builder.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM)
    secret = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (folder / "tls.crt").write_bytes(certificate)
    (folder / "tls.pem").write_bytes(secret + certificate)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.pem")
    return context


def main():
    folder = pathlib.Path(sys.argv[1]) / "issuer"
    folder.mkdir(parents=True, exist_ok=True)
    Desk.keys = Keys(folder)
    plain, secure = [http.server.ThreadingHTTPServer(("127.0.0.1", 0), Desk) for _ in range(2)]
    secure.socket = certified(folder).wrap_socket(secure.socket, server_side=True)
    threading.Thread(target=secure.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{plain.server_address[1]}"
    (folder / "address").write_text(address)
    (folder / "secure-address").write_text(f"https://localhost:{secure.server_address[1]}")
    sys.stdout.write(f"issuing tokens at {address}\n")
    sys.stdout.flush()
    plain.serve_forever()


if __name__ == "__main__":
    main()
