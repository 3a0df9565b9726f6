"""The file store: the same bytes once, damage is found, names lead nowhere."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from samspil.kernel import files
from samspil.kernel.actor import Actor
from samspil.kernel.files import FileDamaged
from samspil.kernel.models import StoredFile

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def _store(content: bytes, name: str = "a.txt") -> StoredFile:
    return files.store(content, name, "text/plain", actor=Actor.system("t"), now=NOW)


def _blobs(settings: Any) -> list[Path]:
    return [path for path in Path(settings.MEDIA_ROOT).rglob("*") if path.is_file()]


def test_the_same_bytes_lie_there_once(settings: Any) -> None:
    first, second = _store(b"x", "a.txt"), _store(b"x", "b.txt")
    assert first.read() == second.read() == b"x"
    assert len(_blobs(settings)) == 1


def test_damage_and_loss_are_found(settings: Any) -> None:
    stored = _store(b"whole")
    (blob,) = _blobs(settings)
    blob.write_bytes(b"wholf")
    with pytest.raises(FileDamaged):
        stored.read()
    blob.unlink()
    with pytest.raises(FileDamaged):
        stored.read()


def test_a_name_leads_nowhere(settings: Any) -> None:
    _store(b"x", "../../etc/passwd")
    (blob,) = _blobs(settings)
    assert blob.name == files.StoredFile.objects.get().sha256
