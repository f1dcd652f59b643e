"""Certificates for tests: an authority, a server, clients that it has issued, and one of another authority."""

import datetime
import ipaddress

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


def write(folder):
    """Writes `NAME.key` and `NAME.crt` of each. Gives their paths, and the fingerprints of the certificates."""
    found = {}
    authority = issued(found, folder, "ca")
    stranger = issued(found, folder, "stranger-ca")
    issued(found, folder, "server", authority, ExtendedKeyUsageOID.SERVER_AUTH)
    for name in ("gateway", "unlisted"):
        issued(found, folder, name, authority, ExtendedKeyUsageOID.CLIENT_AUTH)
    issued(found, folder, "stranger", stranger, ExtendedKeyUsageOID.CLIENT_AUTH)
    return found


def issued(found, folder, name, by=None, usage=None):
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    issuer_key, issuer_name = by or (key, subject)
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer_name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=by is None, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if usage is not None:
        names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    certificate = builder.sign(issuer_key, hashes.SHA256())
    pem = serialization.Encoding.PEM
    secret = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    for kind, content in (("key", secret), ("crt", certificate.public_bytes(pem))):
        path = folder / f"{name}.{kind}"
        path.touch(mode=0o600)
        path.write_bytes(content)
        found[f"{name}.{kind}"] = str(path)
    for kind, algorithm in (("sha1", hashes.SHA1()), ("sha256", hashes.SHA256())):
        found[f"{name}.{kind}"] = certificate.fingerprint(algorithm).hex(":").upper()
    return key, subject
