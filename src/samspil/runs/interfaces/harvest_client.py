"""Fetch announced runs from the national search, page by page, politely and within limits.

The search gives pages of runs; an empty page is the last. Nothing is kept before everything is
there: what goes wrong on the way raises ``Trouble``, and the caller has what it had before.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final, Protocol

import httpx
from django.conf import settings

from samspil.kernel import clock
from samspil.runs.domain.harvest import Answer, Page, Pause, Trouble
from samspil.runs.interfaces.harvest_records import Record, read_page

_AGAIN: Final = frozenset({408, 425, 429, 500, 502, 503, 504})
_CHUNK: Final = 64 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """How long we wait and how much we take. Times in seconds, sizes in bytes after unpacking."""

    connect: float = 5
    read: float = 20
    whole: float = 60
    page_bytes: int = 10 * 1024 * 1024
    answer_bytes: int = 200 * 1024 * 1024
    pages: int = 500
    attempts: int = 5
    first_wait: float = 1
    longest_wait: float = 60
    patience: float = 300
    budget: float = 20
    pause: float = 0.2


class _Again(Exception):
    """Try the same question again; ``wait``: the server has said after how long."""

    def __init__(self, trouble: Trouble, wait: float | None = None) -> None:
        super().__init__(trouble)
        self.trouble = trouble
        self.wait = wait


class Known(Protocol):
    """The pages as they were last answered, by address."""

    def get(self, address: str, /) -> Page | None:
        """The page, if there is one."""
        ...

    def fresh(self, address: str, /) -> Page | None:
        """The page, if this harvest has it already."""
        ...

    def keep(self, page: Page, now: datetime, /) -> None:
        """Remember a page that could be read."""
        ...


class SearchClient:
    """Asks the search at ``address`` (with ``{course}`` and ``{page}``), and knows its last answers.

    An address without ``{course}`` is one list of all runs; without ``{page}`` it has one page.
    ``alive`` is called between questions and may raise ``Trouble`` to stop.
    """

    def __init__(
        self,
        address: str,
        known: Known,
        *,
        limits: Limits | None = None,
        alive: Callable[[], None] = lambda: None,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
        now: Callable[[], datetime] = lambda: clock.now(),  # noqa: PLW0108  (looked up when asked)
    ) -> None:
        self.address = address
        self.known = known
        self.limits = limits or Limits(pause=settings.SAMSPIL_HARVEST_PAUSE_MS / 1000)
        self.alive = alive
        self.sleep = sleep
        self.chance = chance
        self.now = now
        self.begun = time.monotonic()
        self.taken = 0
        self.asked = 0

    def fetch(self, courses: Sequence[str], *, today: date) -> Answer:
        """All runs of ``courses``, each once.

        Raises ``Trouble``, and ``Pause`` when it has asked for ``budget`` seconds: the next client
        goes on where this one stopped.
        """
        limits = self.limits
        timeout = httpx.Timeout(limits.read, connect=limits.connect)
        headers = {
            "Accept": "application/json",
            "User-Agent": f"Samspil (+{settings.BASE_URL})",
        }
        rows: dict[str, Record] = {}
        pages: list[Page] = []
        with httpx.Client(timeout=timeout, headers=headers, follow_redirects=False) as http:
            if "{course}" not in self.address:
                self._list(http, "", rows, pages)
                told = {str(row["course"]) for row in rows.values() if row.get("course")}
                courses = sorted({*courses, *told})
            else:
                for course in courses:
                    self._list(http, course, rows, pages)
        return Answer(today, tuple(courses), list(rows.values()), pages)

    def _list(
        self, http: httpx.Client, course: str, rows: dict[str, Record], pages: list[Page]
    ) -> None:
        """The pages of one list, until an empty one, or one that tells nothing new."""
        earlier: set[str] = set()
        for number in range(1, self.limits.pages + 1):
            self.alive()
            page = self._page(http, self._address(course, number))
            records = read_page(page.body, page=number)
            self.known.keep(page, self.now())
            pages.append(replace(page, body=b""))
            numbers = {str(record["kviknummer"]) for record in records}
            for record in records:
                if course:
                    record["course"] = course
                rows[str(record["kviknummer"])] = record
            # a server that repeats its last page for ever says nothing more
            if not numbers - earlier or "{page}" not in self.address:
                return
            earlier |= numbers
        raise Trouble("too_many_pages", pages=self.limits.pages)

    def _address(self, course: str, page: int) -> str:
        return self.address.replace("{course}", course).replace("{page}", str(page))

    def _page(self, http: httpx.Client, address: str) -> Page:
        """One page, asked for again after a while when the server stumbles."""
        fresh = self.known.fresh(address)
        if fresh is not None:
            return fresh
        if self.asked and time.monotonic() - self.begun > self.limits.budget:
            raise Pause
        if self.asked:
            self.sleep(self.limits.pause)
        self.asked += 1
        waited = 0.0
        for attempt in range(1, self.limits.attempts + 1):
            try:
                return self._ask(http, address)
            except _Again as again:
                wait = self._wait(attempt, again.wait)
                if attempt == self.limits.attempts or waited + wait > self.limits.patience:
                    later = self.now() + timedelta(seconds=again.wait) if again.wait else None
                    again.trouble.retry_at = later
                    raise again.trouble from again
                self.alive()
                self.sleep(wait)
                waited += wait
        raise AssertionError("unreachable")  # pragma: no cover

    def _wait(self, attempt: int, told: float | None) -> float:
        """Seconds to wait: doubled each time and blurred, never less than the server has asked for."""
        most = min(self.limits.longest_wait, self.limits.first_wait * 2.0 ** (attempt - 1))
        return float((told or 0.0) + most * (0.5 + self.chance() / 2))

    def _ask(self, http: httpx.Client, address: str) -> Page:
        known = self.known.get(address)
        headers = {}
        if known is not None and known.etag:
            headers["If-None-Match"] = known.etag
        if known is not None and known.last_modified:
            headers["If-Modified-Since"] = known.last_modified
        begun = time.monotonic()
        try:
            with http.stream("GET", address, headers=headers) as response:
                status = response.status_code
                if status == 304 and known is not None:
                    return known
                if status in _AGAIN:
                    raise _Again(Trouble("status", status=status), self._retry_after(response))
                if status != 200:
                    raise Trouble("status", status=status)
                body = self._body(response, begun)
                return Page(
                    address,
                    body,
                    response.headers.get("ETag", "")[:300],
                    response.headers.get("Last-Modified", "")[:80],
                )
        except httpx.TimeoutException as error:
            raise _Again(Trouble("slow")) from error
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as error:
            raise Trouble("address") from error
        except httpx.DecodingError as error:
            raise Trouble("unreadable") from error
        except httpx.TransportError as error:  # refused, reset, ended in the middle of a page
            raise _Again(Trouble("no_contact")) from error

    def _body(self, response: httpx.Response, begun: float) -> bytes:
        """The whole body, unpacked. A server that drips is not waited for, one that floods is cut off."""
        parts = bytearray()
        for part in response.iter_bytes(_CHUNK):
            parts += part
            if len(parts) > self.limits.page_bytes:
                raise Trouble("too_large", megabytes=self.limits.page_bytes // 1024**2)
            if time.monotonic() - begun > self.limits.whole:
                raise _Again(Trouble("slow"))
        self.taken += len(parts)
        if self.taken > self.limits.answer_bytes:
            raise Trouble("too_large", megabytes=self.limits.answer_bytes // 1024**2)
        return bytes(parts)

    def _retry_after(self, response: httpx.Response) -> float | None:
        """What ``Retry-After`` says, in seconds or as a date; ``None`` when it says nothing sensible."""
        text = response.headers.get("Retry-After", "").strip()
        if text.isdecimal() and len(text) <= 6:
            return float(text)
        try:
            at = parsedate_to_datetime(text)
        except ValueError:
            return None
        if at.tzinfo is None:
            at = at.replace(tzinfo=UTC)
        return min(max(0.0, (at - self.now()).total_seconds()), 999_999.0)
