"""Certificates for Google's names on this machine, and a service account's key."""

import datetime
import json
import os
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID


def pem(key):
    private = serialization.PrivateFormat.PKCS8
    return key.private_bytes(serialization.Encoding.PEM, private, serialization.NoEncryption())


def certificate(name, key, signer=None, signing_key=None):
    """A certificate of a name that is valid today; one that signs others when nobody signs it."""
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.timezone.utc)
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(signer.subject if signer else subject)
    builder = builder.public_key(key.public_key()).serial_number(x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(days=1)).not_valid_after(now + datetime.timedelta(days=2))
    builder = builder.add_extension(x509.BasicConstraints(ca=signer is None, path_length=None), critical=True)
    if signer:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
    return builder.sign(signing_key or key, hashes.SHA256())


def contexts(folder, hosts):
    """What a TLS server for each host needs, and their key; the authority that signed it all lies in the folder as ca.pem."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    authority = certificate("tests of Headwater", key)
    with open(os.path.join(folder, "ca.pem"), "wb") as file:
        file.write(authority.public_bytes(serialization.Encoding.PEM))
    found = {}
    for host, protocol in hosts.items():
        path = os.path.join(folder, f"{host}.pem")
        with open(path, "wb") as file:
            file.write(pem(key) + certificate(host, key, authority, key).public_bytes(serialization.Encoding.PEM))
        found[host] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        found[host].load_cert_chain(path)
        found[host].set_alpn_protocols([protocol])
    return found, key


def account(folder, name, key, **keys):
    """The key's file of a service account, as Google hands it out."""
    account = {
        "type": "service_account",
        "project_id": "acme",
        "private_key_id": "1",
        "private_key": pem(key).decode(),
        "client_email": "tests@acme.iam.gserviceaccount.com",
        "client_id": "1",
        **keys,
    }
    with open(os.path.join(folder, f"{name}.json"), "w") as file:
        json.dump(account, file)
