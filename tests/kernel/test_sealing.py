"""Seals: set, checked, broken by a byte, outlived, appended to, and judged by another program."""

from __future__ import annotations

import functools
import io
import shutil
import subprocess
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pypdf
import pytest
from hypothesis import given
from hypothesis import settings as budget
from hypothesis import strategies as st
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
from pyhanko.sign import PdfTimeStamper

from samspil.kernel import sealing
from samspil.kernel.documents import render_pdf
from samspil.kernel.sealing import checker, trial_key
from tests.support.sealing import stamping, use_key

AT = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
OVERVIEW = "coordination/documents/overview.typ"


OVERVIEW_CONTENT = {
    "network": {"name": "Prøven"},
    "year": 2027,
    "constructed": True,
    "fkb": {"number": "9222", "title": "Pleje"},
    "schools": [{"key": "a", "label": "Østby"}],
    "rows": [],
}
DATA = {
    "title": "Koordineringsoversigt",
    "version": 1,
    "sha256": "a" * 64,
    "frozen_on": "2. marts 2026",
    "difference": [],
    "content": OVERVIEW_CONTENT,
}


@functools.cache
def _plain() -> bytes:
    return render_pdf(OVERVIEW, DATA, at=AT)


@pytest.fixture
def key(settings, tmp_path):
    return use_key(settings, tmp_path / "segl")


@pytest.fixture
def sealed(key):
    return sealing.seal(_plain(), reason="Koordineringsaftale for FKB 9222", name="Prøven")


def _check(content: bytes, key, now: datetime | None = None):
    """In this process, so that a clock can be chosen; the child is tested by itself."""
    names = [*key.settings.SAMSPIL_SEAL_TRUST, *key.settings.SAMSPIL_SEAL_REVOCATION]
    by = checker.known([Path(name).read_bytes() for name in names])
    return checker.check(content, by=by, now=now or datetime.now(UTC))


def test_without_a_key_sealing_is_off(settings):
    settings.SAMSPIL_SEAL_KEY = ""
    assert not sealing.is_on()


def test_a_seal_reaches_the_last_byte_and_is_known(key, sealed):
    checked = sealing.check(sealed)
    assert checked.unreadable == ""
    [seal] = checked.findings["seals"]
    assert (seal["intact"], seal["trusted"], seal["whole"]) == (True, True, True)
    assert seal["organisation"] == "Konstrueret samarbejde"
    assert seal["reason"] == "Koordineringsaftale for FKB 9222"
    assert seal["stamped_at"] is None  # nobody but the sealer vouches for the time


def test_the_sealed_file_begins_with_the_file_that_was_sealed(sealed):
    assert sealed.startswith(_plain())


def test_a_stranger_seal_is_intact_but_not_known(key, sealed, settings, tmp_path):
    other = use_key(settings, tmp_path / "andre")
    [seal] = _check(sealed, other)["seals"]
    assert seal["intact"]
    assert not seal["trusted"]


def test_a_certificate_of_the_same_root_is_not_our_seal(key, sealed):
    """Under a public root anybody can buy a certificate: the root alone makes nobody known."""
    key.known.write_text(key.authority.pem)
    [seal] = _check(sealed, key)["seals"]
    assert seal["intact"]
    assert (seal["trusted"], seal["why_not"]) == (False, "not_known")


def test_a_wrong_password_is_said(key):
    key.settings.SAMSPIL_SEAL_PASSWORD = "forkert"
    with pytest.raises(sealing.SealingFailed, match="does not open"):
        sealing.seal(_plain(), reason="x", name="y")


def test_a_revoked_key_does_not_seal(key):
    key.revoke(datetime.now(UTC))
    with pytest.raises(sealing.SealingFailed):
        sealing.seal(_plain(), reason="x", name="y")


def test_what_a_key_sealed_before_it_was_revoked_counts_only_with_a_timestamp(key, tmp_path):
    without = sealing.seal(_plain(), reason="x", name="y")
    with stamping(key, tmp_path / "tid"):
        stamped = sealing.seal(_plain(), reason="x", name="y")
    key.revoke(datetime.now(UTC) + timedelta(hours=1))
    [seal] = _check(without, key)["seals"]
    assert (seal["trusted"], seal["why_not"]) == (False, "revoked")
    [seal] = _check(stamped, key)["seals"]
    assert seal["trusted"]


def test_with_a_timestamp_it_holds_when_the_certificate_has_run_out(key, tmp_path):
    with stamping(key, tmp_path / "tid"):
        content = sealing.seal(_plain(), reason="x", name="y")
    for years in (0, 10, 15):
        [seal] = _check(content, key, datetime.now(UTC) + timedelta(days=365 * years))["seals"]
        assert seal["trusted"], years
        assert seal["long_term"]
        assert seal["stamped_at"] is not None


def test_an_archive_timestamp_prolongs_and_is_no_change(key, tmp_path):
    with stamping(key, tmp_path / "tid") as stamper:
        content = sealing.seal(_plain(), reason="x", name="y")
        writer = IncrementalPdfFileWriter(io.BytesIO(content))
        out = PdfTimeStamper(stamper).timestamp_pdf(writer, "sha256")
        longer = out.getvalue()
    found = _check(longer, key)
    [seal] = found["seals"]
    assert (seal["whole"], seal["after"]) == (False, "archive")
    assert found["archive_stamps"] == 1
    assert seal["trusted"]


def _until(content: bytes, key, at: datetime | None = None) -> int:
    """Days from now until which it can be checked."""
    [seal] = _check(content, key, at)["seals"]
    return round(
        (datetime.fromisoformat(seal["good_until"]) - datetime.now(UTC)) / timedelta(days=1)
    )


def test_prolonged_again_and_again_it_can_be_checked_until_the_newest_timestamp_ends(key, tmp_path):
    with stamping(key, tmp_path / "one", lasts=timedelta(days=400)):
        content = sealing.seal(_plain(), reason="x", name="y")
    assert _until(content, key) == 400
    with stamping(key, tmp_path / "two", lasts=timedelta(days=900)):
        longer = sealing.prolong(content)
    assert longer.startswith(content)
    assert _until(longer, key) == 900
    with stamping(key, tmp_path / "three", lasts=timedelta(days=2000)):
        longest = sealing.prolong(longer)
    [seal] = _check(longest, key)["seals"]
    assert (seal["trusted"], seal["after"]) == (True, "archive")
    assert _until(longest, key) == 2000
    # a byte of the first timestamp's revision changed: nothing of it holds
    broken = bytearray(longest)
    broken[len(content) + 60] ^= 1
    [seal] = _check(bytes(broken), key)["seals"]
    assert seal["after"] != "archive" or _until(bytes(broken), key) < 2000


def test_a_stranger_s_timestamp_prolongs_nothing(key, tmp_path):
    with stamping(key, tmp_path / "one", lasts=timedelta(days=400)):
        content = sealing.seal(_plain(), reason="x", name="y")
    known = key.settings.SAMSPIL_SEAL_TRUST, key.settings.SAMSPIL_SEAL_REVOCATION
    with stamping(key, tmp_path / "two", lasts=timedelta(days=900)):
        longer = sealing.prolong(content)
    key.settings.SAMSPIL_SEAL_TRUST, key.settings.SAMSPIL_SEAL_REVOCATION = known
    assert _until(longer, key) == 400


def test_without_a_timestamp_it_is_the_seal_s_own_certificate(key, sealed):
    [seal] = _check(sealed, key)["seals"]
    assert seal["good_until"][:10] == seal["valid_to"][:10]


def test_when_the_authority_of_time_is_away_it_is_said(key, tmp_path):
    with stamping(key, tmp_path / "one"):
        content = sealing.seal(_plain(), reason="x", name="y")
    with pytest.raises(sealing.SealingFailed):
        sealing.prolong(content)


def _appended(content: bytes, note: str = "/None") -> bytes:
    """A page turned upside down, as any PDF program would save it: appended."""
    writer = IncrementalPdfFileWriter(io.BytesIO(content))
    page = writer.root["/Pages"]["/Kids"][0]
    page["/Rotate"] = generic.NumberObject(180)
    page["/Note"] = generic.NameObject(note)
    writer.update_container(page)
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def test_what_is_appended_is_a_change_though_every_signed_byte_stands(key, sealed):
    [seal] = _check(_appended(sealed), key)["seals"]
    assert seal["intact"]
    assert (seal["whole"], seal["after"]) == (False, "changed")


def test_an_appended_change_is_not_hidden_by_naming_a_timestamp(key, sealed):
    [seal] = _check(_appended(sealed, "/DocTimeStamp"), key)["seals"]
    assert (seal["whole"], seal["after"]) == (False, "changed")


def test_a_file_saved_anew_has_lost_its_seal_or_breaks_it(key, sealed):
    writer = pypdf.PdfWriter()
    for page in pypdf.PdfReader(io.BytesIO(sealed)).pages:
        writer.add_page(page)
    out = io.BytesIO()
    writer.write(out)
    assert not any(seal["intact"] for seal in _check(out.getvalue(), key)["seals"])


def _says(content: bytes, by):
    """What a check says when the seal holds, else nothing."""
    try:
        found = checker.check(content, by=by, now=datetime.now(UTC))
    except checker.Unreadable:
        return None
    del found["sha256"]
    holds = found["seals"] and all(s["intact"] and s["whole"] for s in found["seals"])
    return found if holds else None


def test_a_byte_changed_anywhere_is_found(key, sealed):
    """In all that the seal covers: every byte of the file but the seal's own. Of those, many are
    repeated knowledge (the root's certificate): a change there is found, or changes nothing said.
    """
    known = checker.known([key.known.read_bytes()])
    whole = _says(sealed, known)
    assert whole
    [own] = pypdf.PdfReader(io.BytesIO(sealed)).get_fields().values()
    first, length, after, rest = own["/V"]["/ByteRange"]
    assert (first, after + rest) == (0, len(sealed))
    covered = st.one_of(st.integers(0, length - 1), st.integers(after, len(sealed) - 1))

    @budget(max_examples=60, deadline=None, database=None)
    @given(at=covered, by=st.integers(1, 255))
    def in_the_signed(at: int, by: int) -> None:
        content = bytearray(sealed)
        content[at] ^= by
        assert _says(bytes(content), known) is None, (at, by)

    @budget(max_examples=40, deadline=None, database=None)
    @given(at=st.integers(length, after - 1), by=st.integers(1, 255))
    def in_the_seal(at: int, by: int) -> None:
        content = bytearray(sealed)
        content[at] ^= by
        said = _says(bytes(content), known)
        same = said is not None and said["files"] == whole["files"]
        assert said is None or not said["seals"][0]["trusted"] or same, (at, by)

    in_the_signed()
    in_the_seal()
    filled = bytearray(sealed)
    filled[after - 3] = ord("1")  # after the signature, where it is filled up with zeros
    assert _says(bytes(filled), known) is None


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "not_pdf"),
        (b"hej" * 1000, "not_pdf"),
        (b"%PDF-1.7\n", "broken"),
        (b"%PDF-1.7\n" + b"\x00\xff" * 5000 + b"\nstartxref\n7\n%%EOF", "broken"),
    ],
)
def test_what_is_no_pdf_is_said(key, content, why):
    assert sealing.check(content).unreadable == why


def test_a_file_that_asks_for_too_much_gets_an_answer(key, sealed, monkeypatch):
    monkeypatch.setattr(sealing, "CHECK_MEGABYTES", 60)
    assert sealing.check(sealed).unreadable == "too_much"


def _bomb() -> bytes:
    """A PDF whose cross-reference stream unpacks to 800 MB of zeros."""
    packer = zlib.compressobj()
    block = bytes(1024 * 1024)
    data = b"".join([*(packer.compress(block) for _ in range(800)), packer.flush()])
    head = (
        b"%PDF-1.7\n1 0 obj\n<</Type/XRef/Size 3/Root 2 0 R/W[1 2 1]/Filter/FlateDecode"
        b"/Length " + str(len(data)).encode() + b">>\nstream\n"
    )
    return head + data + b"\nendstream\nendobj\nstartxref\n9\n%%EOF\n"


def _nested() -> bytes:
    """A PDF of which an array holds an array that holds an array …"""
    deep = b"[" * 100_000 + b"]" * 100_000
    body = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog/Pages " + deep + b">>\nendobj\n"
    return body + (
        b"xref\n0 2\n0000000000 65535 f \n0000000009 00000 n \n"
        b"trailer\n<</Size 2/Root 1 0 R>>\nstartxref\n" + str(len(body)).encode() + b"\n%%EOF\n"
    )


def _round_and_round() -> bytes:
    """A PDF whose list of objects names itself as the one before."""
    body = b"%PDF-1.7\n1 0 obj\n<</Type/Catalog>>\nendobj\n"
    at = str(len(body)).encode()
    return body + (
        b"xref\n0 2\n0000000000 65535 f \n0000000009 00000 n \n"
        b"trailer\n<</Size 2/Root 1 0 R/Prev " + at + b">>\nstartxref\n" + at + b"\n%%EOF\n"
    )


@pytest.mark.parametrize("make", [_bomb, _nested, _round_and_round])
def test_a_hostile_file_gets_an_answer_within_its_limits(key, make):
    """Whether it is read or given up, there is an answer, and never that a seal holds."""
    checked = sealing.check(make())
    assert checked.unreadable in {"", "broken", "too_much"}
    assert not checked.findings.get("seals")


def test_an_encrypted_pdf_is_said(key):
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(_plain()))
    writer.encrypt("hemmelig", algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    assert sealing.check(out.getvalue()).unreadable == "encrypted"


def test_another_program_agrees(key, sealed, tmp_path):
    """poppler's pdfsig, which shares no code with pyHanko."""
    if shutil.which("pdfsig") is None:
        subprocess.run(["tools/debian.sh", "poppler-utils"], check=True)
    (tmp_path / "god.pdf").write_bytes(sealed)
    bad = bytearray(sealed)
    bad[200] ^= 1
    (tmp_path / "daarlig.pdf").write_bytes(bad)

    def says(name: str) -> str:
        return subprocess.run(
            ["pdfsig", "-nocert", str(tmp_path / name)],
            capture_output=True, text=True, check=False,
        ).stdout  # fmt: skip

    good = says("god.pdf")
    assert "Signature is Valid" in good
    assert "ETSI.CAdES.detached" in good
    assert "Total document signed" in good
    assert "Signature is Valid" not in says("daarlig.pdf")


def test_documents_are_to_be_kept_for_long_and_read_by_all():
    text = pypdf.PdfReader(io.BytesIO(_plain())).xmp_metadata.stream.get_data().decode()
    assert "<pdfaid:part>2</pdfaid:part>" in text
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in text
    assert "<pdfuaid:part>1</pdfuaid:part>" in text


def test_a_trial_key_is_made_once(tmp_path):
    values = {"common": "x", "organisation": "y", "password": "z", "now": datetime.now(UTC)}
    trial_key.write_folder(tmp_path / "segl", **values)
    assert (tmp_path / "segl" / trial_key.KEY).stat().st_mode & 0o077 == 0
    with pytest.raises(FileExistsError):
        trial_key.write_folder(tmp_path / "segl", **values)
