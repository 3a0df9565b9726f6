"""Keys to seal with, a timestamp authority on this machine, and a PDF to seal. All constructed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from asn1crypto import keys, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID
from pyhanko.sign.timestamps.dummy_client import DummyTimeStamper

from samspil.kernel.sealing import trial_key
from samspil.kernel.sealing.trial_key import YEAR, Authority

ORGANISATION = "Konstrueret samarbejde"


@dataclass
class Keys:
    """A folder of keys, and the settings that name them."""

    folder: Path
    settings: Any
    authority: Authority
    certificate: x509.Certificate

    @property
    def known(self) -> Path:
        return self.folder / trial_key.KNOWN

    def revoke(self, now: datetime) -> None:
        """Take the seal's certificate back."""
        revoked = (self.certificate.serial_number,)
        (self.folder / trial_key.REVOKED).write_bytes(
            trial_key.revocation_list(self.authority, now=now, revoked=revoked)
        )


def use_key(
    settings: Any, folder: Path, *, now: datetime | None = None, password: str = "prøve"
) -> Keys:
    """Let the settings seal with a new key."""
    at = now or datetime.now(UTC)
    folder.mkdir(parents=True, exist_ok=True)
    authority = trial_key.make_authority(ORGANISATION, now=at)
    key, certificate = trial_key.issue(authority, "Samspil-segl", ORGANISATION, now=at)
    (folder / trial_key.KEY).write_bytes(trial_key.as_pkcs12(key, certificate, authority, password))
    (folder / trial_key.KNOWN).write_text(authority.pem + trial_key.as_pem(certificate))
    (folder / trial_key.REVOKED).write_bytes(trial_key.revocation_list(authority, now=at))
    settings.SAMSPIL_SEAL_KEY = str(folder / trial_key.KEY)
    settings.SAMSPIL_SEAL_PASSWORD = password
    settings.SAMSPIL_SEAL_TRUST = [str(folder / trial_key.KNOWN)]
    settings.SAMSPIL_SEAL_REVOCATION = [str(folder / trial_key.REVOKED)]
    return Keys(folder, settings, authority, certificate)


@contextmanager
def stamping(
    keys_: Keys, folder: Path, *, lasts: timedelta = 5 * YEAR
) -> Iterator[DummyTimeStamper]:
    """A timestamp authority over HTTP, and the settings that use and know it. ``lasts``: how long
    its certificate is valid."""
    now = datetime.now(UTC)
    authority = trial_key.make_authority("Konstrueret tid", now=now)
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(x509.oid.NameOID.COMMON_NAME, "Tid")]))
        .issuer_name(authority.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + lasts)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
        .sign(authority.key, hashes.SHA256())
    )
    stamper = DummyTimeStamper(
        asn1_x509.Certificate.load(certificate.public_bytes(Encoding.DER)),
        keys.PrivateKeyInfo.load(
            key.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())
        ),
        certs_to_embed=[
            asn1_x509.Certificate.load(authority.certificate.public_bytes(Encoding.DER))
        ],
    )

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked = self.rfile.read(int(self.headers["Content-Length"]))
            given = stamper.request_tsa_response(tsp.TimeStampReq.load(asked)).dump()
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(given)))
            self.end_headers()
            self.wfile.write(given)

        def log_message(self, *args: Any) -> None:
            pass

    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tid.pem").write_text(authority.pem)
    (folder / "tid-crl.pem").write_bytes(trial_key.revocation_list(authority, now=now))
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    keys_.settings.SAMSPIL_SEAL_TSA = f"http://127.0.0.1:{server.server_port}/"
    keys_.settings.SAMSPIL_SEAL_TRUST = [
        *keys_.settings.SAMSPIL_SEAL_TRUST,
        str(folder / "tid.pem"),
    ]
    keys_.settings.SAMSPIL_SEAL_REVOCATION = [
        *keys_.settings.SAMSPIL_SEAL_REVOCATION,
        str(folder / "tid-crl.pem"),
    ]
    try:
        yield stamper
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
