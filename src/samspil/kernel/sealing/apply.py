"""Seal or prolong one PDF in a process of its own: a JSON request on stdin, the sealed PDF on stdout.

pyHanko and what it loads take 70 MB, and a key in memory is best kept where nothing else runs. Runs
by itself, without Django. Talks to no other server unless the request names a timestamp authority
(``tsa``) or asks for revocation lists to be fetched (``online``).
"""

from __future__ import annotations

import base64
import io
import json
import logging
import sys
from typing import Any

from asn1crypto import pem, x509
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign import PdfSignatureMetadata, PdfSigner, PdfTimeStamper, SimpleSigner
from pyhanko.sign.fields import InvisSigSettings, MDPPerm, SigFieldSpec, SigSeedSubFilter
from pyhanko.sign.signers.pdf_signer import DSSContentSettings, SigDSSPlacementPreference
from pyhanko.sign.timestamps import HTTPTimeStamper
from pyhanko_certvalidator import ValidationContext

FIELD = "Samspil"
TSA_SECONDS = 20
NO_KEY = 4
"""Exit code: the key file cannot be opened with this password, or holds no key."""


def certificates(text: bytes) -> list[x509.Certificate]:
    """The certificates of a PEM file."""
    return [
        x509.Certificate.load(der)
        for kind, _headers, der in (pem.unarmor(text, multiple=True) if text.strip() else [])
        if kind == "CERTIFICATE"
    ]


def crls(text: bytes) -> list[bytes]:
    """The revocation lists of a PEM file, each as DER."""
    return [
        der
        for kind, _headers, der in (pem.unarmor(text, multiple=True) if text.strip() else [])
        if kind == "X509 CRL"
    ]


def seal(pdf: bytes, wanted: dict[str, Any]) -> bytes:
    """``pdf`` with one certifying PAdES signature that allows no change after it.

    What a checker needs in many years (certificates, revocation lists) goes into the signed
    revision itself, so that the signature covers the whole file to its last byte.
    """
    password = wanted["password"].encode() or None
    try:
        signer = SimpleSigner.load_pkcs12_data(
            base64.b64decode(wanted["key"]), other_certs=[], passphrase=password
        )
    except (ValueError, OSError):
        sys.exit(NO_KEY)
    if signer is None or signer.signing_cert is None:
        sys.exit(NO_KEY)
    known = certificates(wanted["trust"].encode())
    chain = [*signer.cert_registry, *known]
    lists = crls(wanted["revocation"].encode())
    context = ValidationContext(
        trust_roots=[cert for cert in chain if cert.self_issued],
        other_certs=chain,
        crls=lists,
        allow_fetching=wanted["online"],
        revocation_mode="require" if lists or wanted["online"] else "soft-fail",
        retroactive_revinfo=True,
    )
    stamper = HTTPTimeStamper(wanted["tsa"], timeout=TSA_SECONDS) if wanted["tsa"] else None
    meta = PdfSignatureMetadata(
        field_name=FIELD,
        md_algorithm="sha256",
        subfilter=SigSeedSubFilter.PADES,
        name=wanted["name"],
        reason=wanted["reason"],
        certify=True,
        docmdp_permissions=MDPPerm.NO_CHANGES,
        embed_validation_info=True,
        validation_context=context,
        dss_settings=DSSContentSettings(
            include_vri=False, placement=SigDSSPlacementPreference.TOGETHER_WITH_SIGNATURE
        ),
    )
    # PDF/A wants the print flag, PDF/UA a field outside the page: both, and no picture of a seal.
    field = SigFieldSpec(
        FIELD,
        box=None,
        readable_field_name=wanted["reason"],
        invis_sig_settings=InvisSigSettings(box_out_of_bounds=True),
    )
    out = PdfSigner(meta, signer=signer, timestamper=stamper, new_field_spec=field).sign_pdf(
        IncrementalPdfFileWriter(io.BytesIO(pdf)), in_place=False
    )
    return bytes(out.getbuffer())


def prolong(pdf: bytes, wanted: dict[str, Any]) -> bytes:
    """``pdf`` with one more archive timestamp after all that is there (PAdES B-LTA).

    What proves the newest timestamp goes in before it. The sealed bytes stay as they are.
    """
    known = certificates(wanted["trust"].encode())
    context = ValidationContext(
        trust_roots=[cert for cert in known if cert.self_issued],
        other_certs=known,
        crls=crls(wanted["revocation"].encode()),
        allow_fetching=wanted["online"],
        revocation_mode="soft-fail",
        retroactive_revinfo=True,
    )
    out = PdfTimeStamper(
        HTTPTimeStamper(wanted["tsa"], timeout=TSA_SECONDS)
    ).update_archival_timestamp_chain(PdfFileReader(io.BytesIO(pdf)), context, in_place=False)
    return bytes(out.getbuffer())


def main() -> None:
    """Answer one request: pdf and key (base64), password, trust, revocation (PEM), tsa, …"""
    logging.disable(logging.CRITICAL)
    wanted = json.load(sys.stdin)
    do = prolong if wanted.get("do") == "prolong" else seal
    sys.stdout.buffer.write(do(base64.b64decode(wanted["pdf"]), wanted))


if __name__ == "__main__":
    main()
