"""A certificate authority and a seal key of one's own: for trying out, tests and the example.

Nobody outside trusts such a seal; it shows how sealing works, and that a file was not changed. A
seal that outsiders are to trust comes from a certificate authority (an eSeal).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    pkcs12,
)
from cryptography.x509.oid import NameOID

YEAR: Final = timedelta(days=365)
KEY, KNOWN, REVOKED = "segl.p12", "segl-kendt.pem", "segl-crl.pem"
"""The files of a folder of keys: the key, the root and the seal to know it by, what is revoked."""


@dataclass(frozen=True)
class Authority:
    """A root that signs certificates and revocation lists."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @property
    def pem(self) -> str:
        return as_pem(self.certificate)


def as_pem(certificate: x509.Certificate) -> str:
    """A certificate as text."""
    return certificate.public_bytes(Encoding.PEM).decode()


def _name(common: str, organisation: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "DK"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, organisation[:64]),
            x509.NameAttribute(NameOID.COMMON_NAME, common[:64]),
        ]
    )


def _usage(**on: bool) -> x509.KeyUsage:
    names = (
        "digital_signature", "content_commitment", "key_encipherment", "data_encipherment",
        "key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only",
    )  # fmt: skip
    return x509.KeyUsage(**{name: on.get(name, False) for name in names})


def make_authority(organisation: str, *, now: datetime) -> Authority:
    """A new root, EC P-256, good for twenty years."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = _name("Rod for segl", organisation)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + 20 * YEAR)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(key_cert_sign=True, crl_sign=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    return Authority(key, certificate)


def issue(
    authority: Authority,
    common: str,
    organisation: str,
    *,
    now: datetime,
    years: int = 5,
) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    """A key, EC P-256, and its certificate to seal with."""
    key = ec.generate_private_key(ec.SECP256R1())
    identifier = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(_name(common, organisation))
        .issuer_name(authority.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + years * YEAR)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(digital_signature=True, content_commitment=True), critical=True)
        .add_extension(identifier, critical=False)
        .sign(authority.key, hashes.SHA256())
    )
    return key, certificate


def revocation_list(
    authority: Authority, *, now: datetime, revoked: tuple[int, ...] = (), years: int = 20
) -> bytes:
    """The authority's list of revoked serial numbers, as PEM."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.certificate.subject)
        .last_update(now - timedelta(minutes=5))
        .next_update(now + years * YEAR)
        .add_extension(x509.CRLNumber(1), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.key.public_key()),
            critical=False,
        )
    )
    for serial in revoked:
        builder = builder.add_revoked_certificate(
            x509.RevokedCertificateBuilder()
            .serial_number(serial)
            .revocation_date(now - timedelta(minutes=10))
            .build()
        )
    return builder.sign(authority.key, hashes.SHA256()).public_bytes(Encoding.PEM)


def as_pkcs12(
    key: ec.EllipticCurvePrivateKey,
    certificate: x509.Certificate,
    authority: Authority,
    password: str,
) -> bytes:
    """Key, certificate and chain as one PKCS#12 file."""
    closed: KeySerializationEncryption = (
        BestAvailableEncryption(password.encode()) if password else NoEncryption()
    )
    return pkcs12.serialize_key_and_certificates(
        b"samspil", key, certificate, [authority.certificate], closed
    )


def write_folder(
    folder: Path, *, common: str, organisation: str, password: str, now: datetime
) -> None:
    """Write ``segl.p12``, ``segl-kendt.pem`` and ``segl-crl.pem``. Raises ``FileExistsError``.

    The root's own key is thrown away: nothing more can be issued by it.
    """
    if (folder / KEY).exists():
        raise FileExistsError(folder / KEY)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    authority = make_authority(organisation, now=now)
    key, certificate = issue(authority, common, organisation, now=now)
    (folder / KNOWN).write_text(authority.pem + as_pem(certificate))
    (folder / REVOKED).write_bytes(revocation_list(authority, now=now))
    # The key last and at once: where it is, everything is, also when two start together.
    part = folder / f".{KEY}.{os.getpid()}"
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
        out.write(as_pkcs12(key, certificate, authority, password))
    part.replace(folder / KEY)
