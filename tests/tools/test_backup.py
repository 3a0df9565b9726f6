"""Back-up and restore as docs/how-we-do/back-up.md has it, on the database of the run."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection

from samspil.kernel import clock
from samspil.kernel.actor import Actor
from samspil.kernel.files import store
from samspil.kernel.models import AuditEvent
from samspil.network.models import Network
from tests.factories.board import make_round
from tests.support.postgres import bindir
from tools import backup

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def site(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Any) -> Path:
    """The run's own database, named by the environment as in service."""
    name = connection.settings_dict["NAME"]
    if connection.vendor == "sqlite":
        url = f"sqlite:///{name}"
    else:
        url = f"postgres://postgres@/{name}?host={django_settings.TEST_DIR}"
    monkeypatch.setenv("SAMSPIL_DATABASE", url)
    monkeypatch.setenv("SAMSPIL_VAR", str(tmp_path))
    settings.MEDIA_ROOT = tmp_path / "files"
    folder = bindir()
    if connection.vendor == "postgresql" and folder:
        monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return tmp_path


def test_what_was_saved_comes_back(site: Path, capsys: pytest.CaptureFixture[str]) -> None:
    case = make_round(courses=4)
    case.commit(case.rows[0], 0)
    stored = store(
        "Bilag æøå".encode(), "bilag.txt", "text/plain", actor=Actor.system("t"), now=clock.now()
    )
    saved = site / "saved"
    assert backup.main(["save", str(saved)]) == 0
    events = AuditEvent.objects.count()

    Network.objects.filter(pk=case.network.pk).update(name="Ændret siden")
    shutil.rmtree(site / "files")
    assert backup.main(["restore", str(saved)]) == 1  # there is something here already
    assert "--replace" in capsys.readouterr().err
    connection.close()
    assert backup.main(["restore", str(saved), "--replace"]) == 0, capsys.readouterr().err

    assert Network.objects.get(pk=case.network.pk).name == "Samarbejdet i prøven"
    assert AuditEvent.objects.count() == events
    assert stored.read() == "Bilag æøå".encode()


def test_a_changed_byte_is_found_before_anything_is_written(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    make_round(courses=1)
    saved = site / "saved"
    backup.main(["save", str(saved)])
    victim = next(saved.glob("database.*"))
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.write_bytes(content)
    assert backup.main(["restore", str(saved), "--replace"]) == 1
    assert victim.name in capsys.readouterr().err
    assert Network.objects.count() == 1


def test_a_folder_with_something_in_it_is_left_alone(
    site: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = site / "taken"
    folder.mkdir()
    (folder / "mine.txt").write_text("x")
    assert backup.main(["save", str(folder)]) == 1
    assert [p.name for p in folder.iterdir()] == ["mine.txt"]


def test_as_the_operator_types_it(site: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    make_round(courses=1)
    done = subprocess.run(
        [sys.executable, "tools/backup.py", "save", site / "typed"],
        cwd=root, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert {p.name for p in (site / "typed").iterdir()} >= {"files.tar", "SHA256SUMS"}
