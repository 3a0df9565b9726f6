"""Check the seals of one PDF, without Django and without asking any other server.

As a process: ``python checker.py`` with the PDF on stdin and, as arguments, PEM files to know seals
by; the findings come on stdout as JSON. The PDF may be hostile: whoever starts the process
limits its time and memory, and an answer that does not come is an answer too (``Unreadable``).

A PDF can be added to without a signed byte being touched. So two things are asked of a seal: do
the signed bytes still match, and does the seal reach to the end of the file. What stands after it
is judged only where it can be the prolonging of the seal (an archive timestamp, PAdES B-LTA).
"""

from __future__ import annotations

import hashlib
import io
import json
import logging
import re
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from asn1crypto import crl, pem, x509
from pyhanko.pdf_utils.misc import PdfError
from pyhanko.pdf_utils.reader import PdfFileReader
from pyhanko.sign.diff_analysis import ModificationLevel
from pyhanko.sign.validation import validate_pdf_signature, validate_pdf_timestamp
from pyhanko.sign.validation.dss import DocumentSecurityStore
from pyhanko.sign.validation.pdf_embedded import EmbeddedPdfSignature
from pyhanko.sign.validation.status import PdfSignatureStatus, SignatureCoverageLevel
from pyhanko_certvalidator import ValidationContext

MAX_SEALS: Final = 10
MAX_FILES: Final = 60
MAX_TEXT: Final = 8 * 1024 * 1024
"""The largest attached JSON that is read, in bytes."""

Finding = dict[str, Any]


class Unreadable(Exception):
    """The file is no PDF that can be checked: ``not_pdf``, ``encrypted`` or ``broken``."""


@dataclass(frozen=True)
class Known:
    """What a seal is known by: roots, the certificates of seals, and lists of what is revoked."""

    roots: list[x509.Certificate]
    seals: frozenset[bytes]
    revoked: list[crl.CertificateList]

    def takes_back(self, certificate: x509.Certificate) -> bool:
        """Whether a certificate stands on one of the lists."""
        return any(
            row["user_certificate"].native == certificate.serial_number
            for listed in self.revoked
            if listed.issuer == certificate.issuer
            for row in listed["tbs_cert_list"]["revoked_certificates"]
        )


def known(texts: list[bytes]) -> Known:
    """Read PEM files of certificates and revocation lists."""
    parts = [
        (kind, der)
        for text in texts
        for kind, _headers, der in (pem.unarmor(text, multiple=True) if text.strip() else [])
    ]
    certs = [x509.Certificate.load(der) for kind, der in parts if kind == "CERTIFICATE"]
    return Known(
        roots=[cert for cert in certs if cert.ca],
        seals=frozenset(cert.sha256 for cert in certs if not cert.ca),
        revoked=[crl.CertificateList.load(der) for kind, der in parts if kind == "X509 CRL"],
    )


def check(content: bytes, *, by: Known, now: datetime) -> Finding:
    """What can be said of a PDF: its seals in the order they were set, and its attached files.

    A seal is known when its own certificate is, for under a public root anybody can buy one.
    Raises ``Unreadable``.
    """
    if b"%PDF-" not in content[:1024]:
        raise Unreadable("not_pdf")
    try:
        reader = PdfFileReader(io.BytesIO(content), strict=False)
        if reader.encrypted:
            raise Unreadable("encrypted")
        found = list(reader.embedded_regular_signatures)
        stamps = list(reader.embedded_timestamp_signatures)
    except Unreadable:
        raise
    except Exception as error:
        raise Unreadable("broken") from error
    seals = [_seal(reader, one, content, by, now) for one in found[:MAX_SEALS]]
    files: dict[str, Any] = {}
    if found and seals[0]["intact"]:
        files = _files(reader, found[0].signed_revision)
        if seals[0]["after"] == "archive":
            seals[0]["good_until"] = max(
                [seals[0]["good_until"], *_archived_until(reader, stamps[:MAX_SEALS], by, now)]
            )
    return {
        "sha256": hashlib.sha256(content).hexdigest(),
        "size": len(content),
        "seals": seals,
        "archive_stamps": len(stamps),
        "files": files,
    }


# ---------------------------------------------------------------- one seal


def _seal(
    reader: PdfFileReader,
    one: EmbeddedPdfSignature,
    content: bytes,
    by: Known,
    now: datetime,
) -> Finding:
    """Every claim of one seal by itself; a claim that cannot be checked is not made."""
    seal: Finding = {
        "by": "", "organisation": "", "issuer": "", "fingerprint": "", "valid_to": None,
        "reason": "", "said_at": None, "stamped_at": None, "intact": False, "trusted": False,
        "why_not": "", "whole": False, "after": "", "long_term": False, "good_until": None,
    }  # fmt: skip
    try:
        certificate = one.signer_cert
        names = certificate.subject.native
        seal |= {
            "by": str(names.get("common_name", "")),
            "organisation": str(names.get("organization_name", "")),
            "issuer": certificate.issuer.human_friendly,
            "fingerprint": certificate.sha256.hex(),
            "valid_to": certificate.not_valid_after.isoformat(),
            "good_until": _utc(certificate.not_valid_after),
            "reason": str(one.sig_object.get("/Reason", "")),
        }
        if one.self_reported_timestamp is not None:
            seal["said_at"] = _utc(one.self_reported_timestamp)
        one.compute_integrity_info(skip_diff=True)  # type: ignore[no-untyped-call]
        seal["whole"] = one.coverage == SignatureCoverageLevel.ENTIRE_FILE
        status = _status(reader, one, by, now)
        seal["intact"] = bool(status.intact and status.valid) and _clean_gap(one, content)
        if seal["intact"]:
            _say_trust(seal, status, by, certificate)
            store = _store(reader)
            seal["long_term"] = bool(
                store is not None and (store.crls or store.ocsps) and seal["stamped_at"]
            )
        if not seal["whole"]:
            seal["after"] = _after(one, content)
    except Exception as error:  # noqa: BLE001  what cannot be read does not hold
        seal["why_not"] = seal["why_not"] or f"unreadable: {type(error).__name__}"
        seal["trusted"] = False
    return seal


def _utc(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="seconds")


def _stamped(one: EmbeddedPdfSignature) -> datetime | None:
    """When the attached timestamp says that the seal was there; not yet believed."""
    for attribute in one.signer_info["unsigned_attrs"]:
        if attribute["type"].native == "signature_time_stamp_token":
            stated = attribute["values"][0]["content"]["encap_content_info"]["content"].parsed
            at = stated["gen_time"].native
            return at if isinstance(at, datetime) else None
    return None


def _status(
    reader: PdfFileReader, one: EmbeddedPdfSignature, by: Known, now: datetime
) -> PdfSignatureStatus:
    """Judge the certificate as of the time of sealing: it may have run out long since.

    That time is the timestamp's; without one the seal's own word, which is said on the page.
    """
    certs: list[x509.Certificate] = []
    lists: list[bytes] = []
    answers: list[bytes] = []
    store = _store(reader)
    if store is not None:
        certs = [x509.Certificate.load(ref.get_object().data) for ref in store.certs.values()]
        lists = [ref.get_object().data for ref in store.crls]
        answers = [ref.get_object().data for ref in store.ocsps]
    stamped = _stamped(one)
    moment = min(stamped or one.self_reported_timestamp or now, now)

    def context() -> ValidationContext:
        return ValidationContext(
            trust_roots=by.roots,
            other_certs=certs,
            crls=lists,
            ocsps=answers,
            moment=moment,
            allow_fetching=False,
            revocation_mode="require" if lists or answers else "soft-fail",
            retroactive_revinfo=True,
        )

    return validate_pdf_signature(
        one,
        signer_validation_context=context(),
        ts_validation_context=context(),
        skip_diff=True,
    )


def _say_trust(
    seal: Finding, status: PdfSignatureStatus, by: Known, certificate: x509.Certificate
) -> None:
    stamp = status.timestamp_validity
    if stamp is not None and stamp.intact and stamp.valid and stamp.trusted:
        seal["stamped_at"] = _utc(stamp.timestamp)
        seal["good_until"] = _utc(stamp.signing_cert.not_valid_after)
    if status.revoked or (seal["stamped_at"] is None and by.takes_back(certificate)):
        # Whoever has a stolen key says what time it likes: only a timestamp is before the theft.
        seal["why_not"] = "revoked"
    elif not status.trusted:
        seal["why_not"] = str(getattr(status.trust_problem_indic, "name", "unknown"))
    elif certificate.sha256 not in by.seals:
        seal["why_not"] = "not_known"
    else:
        seal["trusted"] = True


def _archived_until(
    reader: PdfFileReader, stamps: list[EmbeddedPdfSignature], by: Known, now: datetime
) -> list[str]:
    """Until when the archive timestamps can be checked. Each must have been set while the one
    before it could still be checked; one by an authority that we do not know prolongs nothing."""
    store = _store(reader)
    certs = (
        [x509.Certificate.load(ref.get_object().data) for ref in store.certs.values()]
        if store is not None
        else []
    )
    ends: list[str] = []
    for stamp in stamps:
        try:
            said = stamp.signed_data["encap_content_info"]["content"].parsed["gen_time"].native
            context = ValidationContext(
                trust_roots=by.roots,
                other_certs=certs,
                moment=min(said, now),
                allow_fetching=False,
                revocation_mode="soft-fail",
            )
            status = validate_pdf_timestamp(stamp, context, skip_diff=True)
        except Exception:  # noqa: BLE001  what cannot be read prolongs nothing
            break
        certificate = status.signing_cert
        if not (status.intact and status.valid and status.trusted) or by.takes_back(certificate):
            break
        if ends and _utc(status.timestamp) > ends[-1]:
            break
        ends.append(_utc(certificate.not_valid_after))
    return ends


def _clean_gap(one: EmbeddedPdfSignature, content: bytes) -> bool:
    """Whether the one place that no signature covers, its own, holds nothing besides.

    The signature stands there in hexadecimal, filled up with zeros; anything else was put there.
    """
    start, length, after, _rest = (int(part) for part in one.byte_range)
    gap = content[start + length : after]
    if not (gap.startswith(b"<") and gap.endswith(b">")):
        return False
    digits = gap[1:-1]
    if not re.fullmatch(rb"[0-9a-f]*|[0-9A-F]*", digits):
        return False
    raw = bytes.fromhex(digits.decode())
    if raw[:1] != b"\x30" or len(raw) < 6 or not 0x81 <= raw[1] <= 0x84:
        return False
    width = raw[1] - 0x80
    end = 2 + width + int.from_bytes(raw[2 : 2 + width], "big")
    return end <= len(raw) and not raw[end:].strip(b"\x00")


def _store(reader: PdfFileReader) -> DocumentSecurityStore | None:
    """The certificates and revocation lists in the file; a broken store is none."""
    try:
        return DocumentSecurityStore.read_dss(reader)
    except Exception:  # noqa: BLE001  the seal has to do without
        return None


def _after(one: EmbeddedPdfSignature, content: bytes) -> str:
    """What was added after the seal: ``archive`` (it was prolonged) or ``changed``.

    Only a file that bears an archive timestamp is looked through: that walks the whole document.
    """
    if b"/DocTimeStamp" not in content[sum(int(part) for part in list(one.byte_range)[2:]) :]:
        return "changed"
    one.compute_integrity_info(skip_diff=False)  # type: ignore[no-untyped-call]
    level = getattr(one.diff_result, "modification_level", None)
    return (
        "archive" if level in (ModificationLevel.NONE, ModificationLevel.LTA_UPDATES) else "changed"
    )


# ---------------------------------------------------------------- attached files


def _files(reader: PdfFileReader, revision: int) -> dict[str, Any]:
    """The files attached in the sealed revision: hash and size; JSON with its text."""
    files: dict[str, Any] = {}
    try:
        names = reader.get_historical_root(revision)["/Names"]["/EmbeddedFiles"]
        for name, spec in _leaves(names, depth=6):
            if len(files) >= MAX_FILES:
                break
            data = spec["/EF"]["/F"].data
            entry: Finding = {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}
            if name.endswith(".json") and len(data) <= MAX_TEXT:
                entry["text"] = data.decode("utf-8")
            files[name] = entry
    except (KeyError, IndexError, AttributeError, TypeError, ValueError, PdfError):
        return files
    return files


def _leaves(node: Any, depth: int) -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    if "/Names" in node:
        pairs = node["/Names"]
        found += [(str(pairs[at]), pairs[at + 1]) for at in range(0, len(pairs) - 1, 2)]
    if depth > 0 and "/Kids" in node:
        kids = node["/Kids"]
        for at in range(min(len(kids), MAX_FILES)):
            found += _leaves(kids[at], depth - 1)
    return found


def main() -> None:
    """PDF on stdin, files to know seals by as arguments, JSON on stdout; exit code 3 with why not."""
    logging.disable(logging.CRITICAL)
    by = known([Path(name).read_bytes() for name in sys.argv[1:]])
    try:
        found = check(sys.stdin.buffer.read(), by=by, now=datetime.now(UTC))
    except Unreadable as error:
        json.dump({"unreadable": str(error)}, sys.stdout)
        sys.exit(3)
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
