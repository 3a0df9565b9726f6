"""What pages hand to the components: small frozen records, no models and no markup."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True)
class Crumb:
    """One step of the breadcrumb; the last has no ``url``."""

    label: str
    url: str = ""


@dataclass(frozen=True, slots=True)
class Phase:
    """One step of a round. ``state`` is ``done``, ``now`` or empty (not yet)."""

    label: str
    note: str = ""
    state: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that carries a page, and the sentence under it. ``tone``: ``good``, ``bad``."""

    value: str | int
    label: str
    of: str | int = ""
    tone: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Segment:
    """One choice of a filter; each is a link, so it works without script."""

    label: str
    url: str
    count: int | None = None
    current: bool = False


@dataclass(frozen=True, slots=True)
class Tab:
    """One page of several on the same object."""

    label: str
    url: str
    count: int | None = None
    current: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of a history, in words. ``tone``: ``good``, ``bad`` or empty."""

    at: datetime | date
    who: str
    text: str
    detail: str = ""
    tone: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart. ``value`` is not negative; ``note`` stands after the number."""

    label: str
    value: float
    tone: str = ""
    note: str = ""
