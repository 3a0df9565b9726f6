"""One answer for all who follow a meeting, kept in the process, and the pass that fetches it.

Two thousand viewers ask every second. What they see is the same for everybody in the
round (``meeting_queries``), so each process renders it once per change and language, and asks
the database at most every ``LIFE`` seconds, by one indexed row, whether something happened.

A page that was let in gets a **pass**: round, language and an end of ``PASS_LIFE`` seconds,
signed together with the viewer's session key. With it ``config.live`` answers before session,
person and roles are looked up. Without the very session cookie that it was made for it opens
nothing, and after five minutes the page goes through the full check again. So whoever loses the
right to see a round still sees its meeting for at most that long.
"""

from __future__ import annotations

import gzip
import hashlib
import hmac
import json
import threading
import time
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qs

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.crypto import salted_hmac

from samspil.coordination.domain import meeting_queries
from samspil.coordination.models import Round
from samspil.kernel.errors import NotFound

LIFE: Final = 0.25
"""Seconds for which a process trusts what it has without asking the database."""
PASS_LIFE: Final = 300
"""Seconds for which a pass opens the meeting at most; some end up to half of that earlier, so that
a room that opened the page together does not come back for the full check together."""
ASK_EVERY_MS: Final = 1000
"""How often a page asks: with ``LIFE`` and a busy machine it stays under two seconds."""
PASS_HEADER: Final = "Samspil-Pass"  # noqa: S105  a header's name
END: Final = "/moede/nu/"
_MOST: Final = 64


@dataclass(slots=True)
class Kept:
    """What a process answers for a round and language until something changes."""

    network_id: int
    stamp: str
    checked: float
    etag: str
    body: bytes
    packed: bytes
    html: str


_kept: dict[tuple[int, str], Kept] = {}
_looking = threading.Lock()


def forget() -> None:
    """Forget everything, as a new process."""
    _kept.clear()


def latest(round: Round, language: str, *, surely: bool = False) -> Kept:
    """What to answer for a round that the caller may see. ``surely`` asks the database now."""
    with _looking:
        return _look(round.pk, round.network_id, language, surely=surely)


def _look(round_id: int, network_id: int, language: str, *, surely: bool) -> Kept:
    key = (round_id, language)
    kept = _kept.get(key)
    at = time.monotonic()
    if kept is not None and not surely and at - kept.checked < LIFE:
        return kept
    stamp = meeting_queries.stamp(round_id, network_id)
    if kept is not None and kept.stamp == stamp:
        kept.checked = at
        return kept
    fresh = _made(round_id, network_id, language, stamp, at)
    if kept is None and len(_kept) >= _MOST:
        del _kept[min(_kept, key=lambda known: _kept[known].checked)]
    _kept[key] = fresh
    return fresh


def _made(round_id: int, network_id: int, language: str, stamp: str, at: float) -> Kept:
    with translation.override(language):
        round = meeting_queries.round_for_all(round_id)
        if round is None:
            raise NotFound("")
        now = meeting_queries.sitting(round)
        html = render_to_string("coordination/meetings/_now.html", {"now": now, "round": now.round})
    body = json.dumps(
        {"html": html, "open": now.is_open, "over": bool(now.meeting and now.meeting.ended_at)},
        ensure_ascii=False,
    ).encode()
    return Kept(
        network_id=network_id,
        stamp=stamp,
        checked=at,
        # weak: the same answer goes out packed and plain
        etag=f'W/"{hashlib.sha256(body).hexdigest()[:20]}"',
        body=body,
        packed=gzip.compress(body, 6, mtime=0),
        html=html,
    )


# ---------------------------------------------------------------- the pass


def make_pass(round: Round, language: str, session_key: str, *, at: float) -> str:
    """A pass for a viewer who was let in. ``at`` is now in seconds since 1970."""
    spread = zlib.crc32(session_key.encode()) % (PASS_LIFE // 2)
    text = f"{round.pk}.{language}.{int(at) + PASS_LIFE - spread}"
    return f"{text}.{_seal(text, session_key)}"


def _seal(text: str, session_key: str) -> str:
    mac = salted_hmac("samspil.meeting", f"{text}|{session_key}", algorithm="sha256")
    return mac.hexdigest()[:40]


def read_pass(value: str, session_key: str, *, at: float) -> tuple[int, str] | None:
    """Round and language of a pass that holds for this session now, else ``None``."""
    text, _dot, seal = value.rpartition(".")
    parts = text.split(".")
    if not session_key or len(parts) != 3 or not (parts[0].isdecimal() and parts[2].isdecimal()):
        return None
    if not hmac.compare_digest(seal.encode(), _seal(text, session_key).encode()):
        return None
    if int(parts[2]) < at:
        return None
    return int(parts[0]), parts[1]


# ---------------------------------------------------------------- an answer in WSGI terms

Answer = tuple[str, list[tuple[str, str]], bytes]


def answer(kept: Kept, environ: Mapping[str, Any]) -> Answer:
    """304 when the asker has it already, else the body, packed where it may be."""
    headers = [("Cache-Control", "private, no-store"), ("ETag", kept.etag)]
    if environ.get("HTTP_IF_NONE_MATCH") == kept.etag:
        return "304 Not Modified", headers, b""
    body = kept.body
    headers += [
        ("Content-Type", "application/json"),
        ("X-Content-Type-Options", "nosniff"),
        ("Vary", "Accept-Encoding"),
    ]
    if "gzip" in environ.get("HTTP_ACCEPT_ENCODING", ""):
        body = kept.packed
        headers.append(("Content-Encoding", "gzip"))
    return "200 OK", [*headers, ("Content-Length", str(len(body)))], body


def answer_by_pass(environ: Mapping[str, Any]) -> Answer | None:
    """The answer for a request with a pass that holds; ``None``: let Django judge it.

    Asks the database only when what is kept is older than ``LIFE``, and then one thread for all:
    the others answer meanwhile with what there is. The caller closes the connection's turn.
    """
    if environ.get("REQUEST_METHOD") != "GET":
        return None
    passes = parse_qs(environ.get("QUERY_STRING", ""), max_num_fields=4).get("pas")
    found = read_pass(passes[0], _session(environ), at=time.time()) if passes else None
    if found is None or not environ["PATH_INFO"].endswith(f"/{found[0]}{END}"):
        return None
    kept = _kept.get(found)
    if kept is None:
        # a process that has just begun
        round = meeting_queries.round_for_all(found[0])
        return None if round is None else answer(latest(round, found[1]), environ)
    if time.monotonic() - kept.checked >= LIFE and _looking.acquire(blocking=False):
        try:
            kept = _look(found[0], kept.network_id, found[1], surely=False)
        finally:
            _looking.release()
    return answer(kept, environ)


def _session(environ: Mapping[str, Any]) -> str:
    start = f"{settings.SESSION_COOKIE_NAME}="
    for part in environ.get("HTTP_COOKIE", "").split(";"):
        if part.strip().startswith(start):
            return str(part.strip()[len(start) :].strip('"'))
    return ""
