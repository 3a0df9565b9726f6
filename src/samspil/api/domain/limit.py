"""How often one visitor may knock: so many requests a minute, counted for the whole machine.

The web processes share a small file that all of them map into memory, so counting costs no write to a
database. A visitor's slot holds one number: the moment by which what it has asked for is worked off
(a token bucket, written as its "theoretical arrival time"). What is lost with the file, or when more
than a hundred thousand knock within a minute, is counted anew.
"""

from __future__ import annotations

import fcntl
import hashlib
import logging
import mmap
import os
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_SLOT: Final = struct.Struct("<Qd")  # whose it is; when its requests are worked off
_PER_ROW: Final = 8
_ROWS: Final = 16_384
_ROW_BYTES: Final = _SLOT.size * _PER_ROW
SIZE: Final = _ROW_BYTES * _ROWS
_MINUTE: Final = 60.0
_log = logging.getLogger("samspil.api")


class Limit:
    """A limit that is shared by all who open it with the same ``path``.

    ``secret`` keeps the addresses of visitors from being read out of the file. A file that cannot be
    opened is told once; the process then counts for itself.
    """

    def __init__(self, path: Path, secret: str) -> None:
        self._path = path
        self._secret = hashlib.sha256(secret.encode()).digest()
        self._thread = threading.Lock()
        self._file: int | None = None
        self._map: mmap.mmap | None = None

    def take(self, who: str, per_minute: int, now: float) -> tuple[int, float]:
        """Take one at ``now`` (seconds of the machine's steady clock, which all processes share).

        Returns how many are left, and the seconds to wait when there was none.
        """
        digest = hashlib.blake2b(who.encode(), digest_size=8, key=self._secret).digest()
        owner = int.from_bytes(digest, "little") or 1  # an empty slot is nobody's
        step = _MINUTE / per_minute
        with self._row(owner % _ROWS) as (content, start):
            at, until = _find(content, start, owner, now)
            until = max(until, now) + step
            if until - now > _MINUTE + step * 1e-6:
                return 0, until - now - _MINUTE
            _SLOT.pack_into(content, at, owner, until)
        return int((_MINUTE - (until - now)) / step + 1e-6), 0.0

    def forget(self) -> None:
        """Everybody starts anew."""
        with self._row(0) as (content, _start):
            content[:] = bytes(SIZE)

    @contextmanager
    def _row(self, row: int) -> Iterator[tuple[mmap.mmap, int]]:
        """The slots of a row, while no other thread and no other process reads or writes them."""
        with self._thread:
            content = self._map if self._map is not None else self._open()
            if self._file is None:
                yield content, row * _ROW_BYTES
                return
            # Locks belong to processes: a process that is killed lets go of its own.
            fcntl.lockf(self._file, fcntl.LOCK_EX, _ROW_BYTES, row * _ROW_BYTES)
            try:
                yield content, row * _ROW_BYTES
            finally:
                fcntl.lockf(self._file, fcntl.LOCK_UN, _ROW_BYTES, row * _ROW_BYTES)

    def _open(self) -> mmap.mmap:
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            if os.fstat(file).st_size != SIZE:
                os.ftruncate(file, SIZE)
            self._map = mmap.mmap(file, SIZE)
            self._file = file
        except OSError as error:
            _log.warning("The limit of the API is counted per process: %s", error)
            self._map = mmap.mmap(-1, SIZE)
        return self._map


def _find(content: mmap.mmap, start: int, owner: int, now: float) -> tuple[int, float]:
    """The slot of ``owner`` and until when it is busy; else the one that is free, or soonest will be."""
    best, soonest = start, float("inf")
    for at in range(start, start + _ROW_BYTES, _SLOT.size):
        whose, until = _SLOT.unpack_from(content, at)
        if not now - _MINUTE <= until <= now + _MINUTE * 1.001:
            until = 0.0  # long ago, or written before the machine was started anew
        if whose == owner:
            return at, until
        if until < soonest:
            best, soonest = at, until
    return best, 0.0
