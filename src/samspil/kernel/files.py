"""The file store: content-addressed, under ``MEDIA_ROOT``; the database holds name and hash."""

from __future__ import annotations

import hashlib
import os
import tempfile
from datetime import datetime
from pathlib import Path

from django.conf import settings
from django.db import transaction

from samspil.kernel.actor import Actor
from samspil.kernel.models import StoredFile


class FileDamaged(Exception):
    """The stored bytes are missing or no longer match their hash."""


def _path(sha256: str) -> Path:
    return Path(settings.MEDIA_ROOT) / sha256[:2] / sha256


def store(
    content: bytes, name: str, content_type: str, *, actor: Actor, now: datetime
) -> StoredFile:
    """Keep ``content`` and return its row. The bytes are on disk before the row exists.

    A transaction that rolls back leaves at most an unnamed blob, never a row without bytes.
    """
    sha256 = hashlib.sha256(content).hexdigest()
    path = _path(sha256)
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as handle:
            handle.write(content)
            handle.flush()
            os.fsync(handle.fileno())
        Path(handle.name).replace(path)
    return StoredFile.objects.create(
        sha256=sha256,
        name=name[-255:],
        content_type=content_type,
        size=len(content),
        created_at=now,
        actor_label=actor.label[:200],
    )


def read(stored: StoredFile) -> bytes:
    """The bytes of a stored file. Raises ``FileDamaged`` when they are gone or changed."""
    try:
        content = _path(stored.sha256).read_bytes()
    except FileNotFoundError as error:
        raise FileDamaged(f"{stored.name}: {stored.sha256} is missing") from error
    if hashlib.sha256(content).hexdigest() != stored.sha256:
        raise FileDamaged(f"{stored.name}: {stored.sha256} was changed")
    return content


def forget(stored: StoredFile) -> None:
    """Delete a stored file's row, and after commit its bytes when no other row has them (GDPR art. 17)."""
    sha256 = stored.sha256
    stored.delete()

    def clear() -> None:
        if not StoredFile.objects.filter(sha256=sha256).exists():
            _path(sha256).unlink(missing_ok=True)

    transaction.on_commit(clear)
