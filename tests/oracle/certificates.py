"""Writes the certificates that a node and its clients have in conversations over TLS.

    python certificates.py FOLDER

Keys, numbers and times are fixed, so that the certificates, and with them their fingerprints in configurations, are the same each
time. `NAME.pem` has the certificate of `ca`, `server` and the clients, those of clients with their key; `server.key` has the server's.
"""

import datetime
import hashlib
import pathlib
import sys

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519
from cryptography.x509.oid import NameOID

CLIENTS = ["device", "gateway", "nobody"]
FIRST, LAST = datetime.datetime(2020, 1, 1), datetime.datetime(2120, 1, 1)


def key(name):
    return ed25519.Ed25519PrivateKey.from_private_bytes(hashlib.sha256(f"tls key of {name}".encode()).digest())


def subject(name):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def certificate(name, issuer, number):
    """The certificate of this name; `ca` is an authority."""
    usage = x509.KeyUsage(True, False, False, False, False, name == "ca", name == "ca", False, False)
    builder = x509.CertificateBuilder(subject(issuer), subject(name), key(name).public_key(), number, FIRST, LAST)
    builder = builder.add_extension(x509.BasicConstraints(name == "ca", None), True).add_extension(usage, True)
    if name == "server":
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
    return builder.sign(key(issuer), None)


def pem(name):
    form = serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key(name).private_bytes(serialization.Encoding.PEM, *form)


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for number, name in enumerate(["ca", "server", *CLIENTS], 1):
        made = certificate(name, "ca", number)
        text = made.public_bytes(serialization.Encoding.PEM)
        (folder / f"{name}.pem").write_bytes(text + pem(name) if name in CLIENTS else text)
        sys.stdout.write(f"{name} SHA-1 {made.fingerprint(hashes.SHA1()).hex(':').upper()}\n")
    (folder / "server.key").write_bytes(pem("server"))
    (folder / "server.key").chmod(0o600)


if __name__ == "__main__":
    main()
