"""A closed round in one zip that checks itself."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile

import pytest

from samspil.coordination.domain import archive
from samspil.coordination.models import RoundArchive
from samspil.kernel import clock, outbox
from samspil.kernel.errors import Conflict
from tests.factories.agreements import make_agreement_case
from tests.factories.board import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture
def closed():
    kit = make_agreement_case()
    kit.freeze()
    agreement = kit.make()
    for index in range(4):
        kit.sign(agreement, index)
    outbox.run_due(NOW)
    archive.close_round(actor=kit.case.secretariat, now=NOW, round=kit.case.round)
    outbox.run_due(NOW)
    return kit


def _verify(path):
    return subprocess.run(
        [sys.executable, "-I", str(path / "verify_archive.py")],
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_round_without_its_agreements_stays_open():
    kit = make_agreement_case()
    with pytest.raises(Conflict, match="9222"):
        archive.close_round(actor=kit.case.secretariat, now=NOW, round=kit.case.round)


def test_the_archive_is_whole_and_checks_itself(closed, tmp_path):
    kept = RoundArchive.objects.get()
    bundle = zipfile.ZipFile(io.BytesIO(kept.file.read()))
    names = bundle.namelist()
    for name in (
        "LÆS MIG.txt",
        "SHA256SUMS",
        "aftaler/fkb-9222-1-original-underskrevet.pdf",
        "oversigter/fkb-9222-v1.xlsx",
        "data/udbud.csv",
        "revisionsspor/audit.jsonl",
        "verify_audit.py",
    ):
        assert name in names
    bundle.extractall(tmp_path / "arkiv")
    done = _verify(tmp_path / "arkiv")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Arkivet er helt" in done.stdout


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("oversigter/fkb-9222-v1.json", "er ændret"),
        ("revisionsspor/audit.jsonl", "Revisionssporet"),
        ("data/underskrifter.csv", "er ændret"),
    ],
)
def test_one_changed_byte_is_found(closed, tmp_path, name, fault):
    zipfile.ZipFile(io.BytesIO(RoundArchive.objects.get().file.read())).extractall(
        tmp_path / "arkiv"
    )
    path = tmp_path / "arkiv" / name
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(bytes(content))
    done = _verify(tmp_path / "arkiv")
    assert done.returncode == 1
    assert fault in done.stdout


def test_missing_and_added_files_are_found(closed, tmp_path):
    zipfile.ZipFile(io.BytesIO(RoundArchive.objects.get().file.read())).extractall(
        tmp_path / "arkiv"
    )
    (tmp_path / "arkiv/data/udbud.csv").unlink()
    (tmp_path / "arkiv/data/nyt.csv").write_text("x")
    out = _verify(tmp_path / "arkiv").stdout
    assert "data/udbud.csv mangler." in out
    assert "data/nyt.csv hører ikke til." in out


def test_the_same_round_packs_to_the_same_bytes(closed):
    round = archive.load_round(closed.case.round.pk)
    assert archive.pack(round, at=NOW) == archive.pack(round, at=NOW)


def test_csv_text_is_no_formula():
    assert archive._safe("=1+1") == "'=1+1"
    assert archive._safe(-3) == "-3"


def test_pages(client):
    kit = make_agreement_case()
    client.force_login(kit.case.secretariat_person)
    url = f"/runder/{kit.case.round.pk}/afslut/"
    assert "1 aftale mangler" in client.get(url).content.decode()
    kit.freeze()
    agreement = kit.make()
    for index in range(4):
        kit.sign(agreement, index)
    client.post(url)
    outbox.run_due(clock.now())
    assert "Hent arkivet" in client.get(url).content.decode()
    zip_url = f"/runder/{kit.case.round.pk}/arkiv.zip"
    assert client.get(zip_url).content.startswith(b"PK")
    client.force_login(kit.leaders[0])
    assert client.get(zip_url).status_code == 404
    assert client.get(url).status_code == 403
