"""What a sealed agreement says, read from the file alone: neither Django nor a database is needed.

``verdict`` turns the findings of ``kernel.sealing.checker`` into what a person asks: what was
signed, by whom for which school, when, does the seal hold, and has anything changed since (R31).
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

CONTENT: Final = "aftale.json"
RECORD: Final = "underskrifter.json"
SCHEMA: Final = "samspil.signatures/1"
MAX_SHOWN: Final = 200


class Holds(StrEnum):
    """The answer in one word."""

    WHOLE = "whole"
    """A seal we know, to the last byte, and nothing changed."""
    STRANGER = "stranger"
    """Nothing changed since it was sealed, but we do not know by whom."""
    CHANGED = "changed"
    """It was changed after it was sealed, or the seal is broken."""
    REVOKED = "revoked"
    """The key was taken back before it sealed this."""
    UNSEALED = "unsealed"
    """A PDF without a seal."""
    UNREADABLE = "unreadable"
    """No PDF that can be checked."""


@dataclass(frozen=True, slots=True)
class Act:
    """One signer's act: for a school, by a person, at a time, secured by ``method``.

    ``basis``: by what the person signed for the school. ``provider``, ``loa``, ``cvr``: what an
    outside provider vouched for, empty without one.
    """

    school: str
    person: str
    at: datetime | None
    method: str
    basis: dict[str, str] = field(default_factory=dict)
    provider: str = ""
    loa: str = ""
    cvr: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What can be said of a file. Times are aware.

    ``acts`` and ``title`` come from the sealed revision and are there only when its bytes are
    intact. ``content_matches``: every signer signed the content that lies in the file; ``None``
    when the file is no agreement of ours. ``good_until``: how long anybody can check the proof, by
    the certificate of the newest timestamp, or of the seal where there is none. ``stamped_at``: the time that a timestamp authority we
    know vouches for; ``said_at`` is the sealer's own word.
    """

    holds: Holds
    reason: str = ""
    sha256: str = ""
    by: str = ""
    organisation: str = ""
    issuer: str = ""
    fingerprint: str = ""
    said_at: datetime | None = None
    stamped_at: datetime | None = None
    long_term: bool = False
    prolonged: bool = False
    good_until: datetime | None = None
    title: str = ""
    network: str = ""
    constructed: bool = False
    content_sha256: str = ""
    content_matches: bool | None = None
    acts: tuple[Act, ...] = ()


def verdict(findings: dict[str, Any], unreadable: str = "") -> Verdict:
    """Judge the findings of a check. ``unreadable``: why there are none."""
    if unreadable:
        return Verdict(Holds.UNREADABLE, reason=unreadable)
    sha256 = str(findings["sha256"])
    if not findings["seals"]:
        return Verdict(Holds.UNSEALED, sha256=sha256)
    seal = findings["seals"][0]
    # A second seal is something that was added to the file after the first.
    is_whole = seal["whole"] or seal["after"] == "archive"
    if not seal["intact"] or not is_whole or len(findings["seals"]) > 1:
        holds = Holds.CHANGED
    elif seal["why_not"] == "revoked":
        holds = Holds.REVOKED
    elif not seal["trusted"]:
        holds = Holds.STRANGER
    else:
        holds = Holds.WHOLE
    return Verdict(
        holds=holds,
        reason="" if not seal["intact"] else "added" if holds == Holds.CHANGED else "",
        sha256=sha256,
        by=seal["by"],
        organisation=seal["organisation"],
        issuer=seal["issuer"],
        fingerprint=seal["fingerprint"],
        said_at=_time(seal["said_at"]),
        stamped_at=_time(seal["stamped_at"]),
        long_term=seal["long_term"],
        prolonged=seal["after"] == "archive",
        good_until=_time(seal["good_until"]) if holds == Holds.WHOLE else None,
        **(_record(findings["files"]) if seal["intact"] else {}),
    )


def _time(text: Any) -> datetime | None:
    try:
        at = datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return None
    return at if at.tzinfo is not None else None


def _text(value: Any) -> str:
    return value[:300] if isinstance(value, str) else ""


def _act(row: dict[str, Any]) -> Act:
    proof = row.get("proof") or {}
    return Act(
        _text(row["school"]["name"]),
        _text(row["person"]),
        _time(row["at"]),
        _text(row["method"]),
        basis={name: _text(value) for name, value in (row.get("basis") or {}).items()},
        provider=_text(proof.get("provider")),
        loa=_text(proof.get("loa")),
        cvr=_text(proof.get("cvr")),
    )


def _record(files: dict[str, Any]) -> dict[str, Any]:
    """What the attached record says; nothing when it is missing or not of our making."""
    try:
        record = json.loads(files[RECORD]["text"])
        content = files[CONTENT]["text"].encode()
        if record["schema"] != SCHEMA:
            return {}
        rows = list(record["signatures"])[:MAX_SHOWN]
        sha256 = hashlib.sha256(content).hexdigest()
        hashes = {record["content_sha256"], *(row["content_sha256"] for row in rows)}
        return {
            "title": _text(record["title"]),
            "network": _text(record["network"]["name"]),
            "constructed": record["constructed"] is True,
            "content_sha256": sha256,
            "content_matches": hashes == {sha256},
            "acts": tuple(_act(row) for row in rows),
        }
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        return {}
