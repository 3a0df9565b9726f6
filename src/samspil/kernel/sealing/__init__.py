"""Sealing: PDFs that show by themselves who made them and that nobody has changed a byte since.

``seal`` sets a PAdES signature with the installation's key (an eSeal, not a person's signature);
``check`` says what can be said of any PDF. Both run pyHanko in a child process: sealing so that
70 MB and the key do not stay in the worker, checking because the file comes from strangers.

Without a key (``SAMSPIL_SEAL_KEY``) sealing is off, and everything else works.
"""

from __future__ import annotations

import base64
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from django.conf import settings

HERE: Final = Path(__file__).resolve().parent
SEAL_SECONDS: Final = 90
"""Longest that sealing may take, a slow timestamp authority included."""
CHECK_SECONDS: Final = 10
"""Time on the processor that a check gets; an agreement takes half a second."""
CHECK_WAIT: Final = 25
"""Longest that anybody waits for a check; others go before it on the processor."""
CHECK_MEGABYTES: Final = 512
"""Address space of a check; one of an agreement gets by with 256."""
NO_KEY: Final = 4


class SealingFailed(Exception):
    """The file could not be sealed now: the key, the chain or the timestamp authority."""


@dataclass(frozen=True, slots=True)
class Checked:
    """What a check found. ``unreadable`` is empty, or why there is nothing to say:

    ``not_pdf``, ``encrypted``, ``broken`` or ``too_much`` (it asked for more time or memory than a
    check gets). ``findings`` is what ``checker.check`` gives.
    """

    unreadable: str
    findings: dict[str, Any]


def is_on() -> bool:
    """Whether this installation is to seal. Whether the key can be read, the worker finds out."""
    return bool(settings.SAMSPIL_SEAL_KEY)


def _text(names: list[str]) -> str:
    return "".join(Path(name).read_text(encoding="ascii") for name in names)


def can_prolong() -> bool:
    """Whether there is a timestamp authority to prolong seals with."""
    return bool(settings.SAMSPIL_SEAL_TSA)


def _asked(pdf: bytes) -> dict[str, Any]:
    return {
        "pdf": base64.b64encode(pdf).decode(),
        "trust": _text(settings.SAMSPIL_SEAL_TRUST),
        "revocation": _text(settings.SAMSPIL_SEAL_REVOCATION),
        "tsa": settings.SAMSPIL_SEAL_TSA,
        "online": settings.SAMSPIL_SEAL_ONLINE,
    }


def seal(pdf: bytes, *, reason: str, name: str) -> bytes:
    """``pdf`` with a seal that says ``reason``; PAdES B-LT with a timestamp authority, else B-B
    with the revocation lists in it. Raises ``SealingFailed``; ask ``is_on`` first.
    """
    try:
        key = base64.b64encode(Path(settings.SAMSPIL_SEAL_KEY).read_bytes()).decode()
        request = {
            **_asked(pdf),
            "key": key,
            "password": settings.SAMSPIL_SEAL_PASSWORD,
            "reason": reason,
            "name": name,
        }
    except OSError as error:
        raise SealingFailed(f"a file of the key cannot be read: {error}") from error
    return _apply(request, pdf)


def prolong(pdf: bytes) -> bytes:
    """A sealed ``pdf`` with an archive timestamp more (PAdES B-LTA): it can be checked until that
    one's certificate ends. Raises ``SealingFailed``; ask ``can_prolong`` first.
    """
    try:
        request = {**_asked(pdf), "do": "prolong"}
    except OSError as error:
        raise SealingFailed(f"a certificate cannot be read: {error}") from error
    return _apply(request, pdf)


def _apply(request: dict[str, Any], pdf: bytes) -> bytes:
    try:
        done = subprocess.run(  # noqa: S603  our own script, nothing of it from users
            [sys.executable, "-I", str(HERE / "apply.py")],
            input=json.dumps(request).encode(),
            capture_output=True,
            timeout=SEAL_SECONDS,
            check=False,
            env=_environment(),
        )
    except subprocess.TimeoutExpired as late:
        raise SealingFailed(f"not done in {SEAL_SECONDS} s") from late
    if done.returncode == NO_KEY:
        raise SealingFailed("SAMSPIL_SEAL_KEY does not open with SAMSPIL_SEAL_PASSWORD")
    if done.returncode != 0 or not done.stdout.startswith(pdf):
        raise SealingFailed(done.stderr.decode(errors="replace")[-1500:])
    return done.stdout


def _known_by() -> list[str]:
    return [*settings.SAMSPIL_SEAL_TRUST, *settings.SAMSPIL_SEAL_REVOCATION]


def check(content: bytes) -> Checked:
    """What can be said of a PDF that anybody hands in, in limited time and memory.

    Known are the seals whose certificates stand in ``SAMSPIL_SEAL_TRUST``.
    """
    limits = [os.getpid(), CHECK_MEGABYTES, CHECK_SECONDS]
    try:
        done = subprocess.run(  # noqa: S603  our own script; the file goes in on stdin
            [
                *(sys.executable, "-I", str(HERE.parent / "limited.py")),
                *(str(limit) for limit in limits),
                *(sys.executable, "-I", str(HERE / "checker.py")),
                *(name for name in _known_by() if Path(name).is_file()),
            ],
            input=content,
            capture_output=True,
            timeout=CHECK_WAIT,
            check=False,
            env=_environment(),
        )
    except (subprocess.TimeoutExpired, BrokenPipeError):
        return Checked("too_much", {})
    try:
        found = json.loads(done.stdout)
    except ValueError:
        return Checked("too_much", {})  # it was ended, or ran out of memory
    if done.returncode == 0:
        return Checked("", found)
    return Checked(str(found.get("unreadable", "broken")), {})


def _environment() -> dict[str, str]:
    """No passwords of ours, one language."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "TMPDIR") if name in os.environ}
    return {**kept, "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1"}
