"""Read settings from the environment: typed, with one clear sentence when a value is wrong."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

_TRUE = {"1", "true", "yes", "on"}
_FALSE = {"0", "false", "no", "off", ""}

SQLITE_OPTIONS: dict[str, Any] = {
    # A write transaction takes its lock when it begins (house rule 4); readers never wait (WAL).
    "transaction_mode": "IMMEDIATE",
    "timeout": 20,
    "init_command": (
        "PRAGMA journal_mode=WAL;PRAGMA synchronous=NORMAL;"
        "PRAGMA mmap_size=134217728;PRAGMA cache_size=-16000"
    ),
}


class Env:
    """The environment, seen through the prefix ``SAMSPIL_``. Every name asked for is kept in
    ``asked``, so that the reference lists it."""

    def __init__(self, values: Mapping[str, str] | None = None, prefix: str = "SAMSPIL_") -> None:
        self.values = os.environ if values is None else values
        self.prefix = prefix
        self.asked: dict[str, str] = {}

    def text(self, name: str, default: str = "") -> str:
        """The value as text, without blanks around it."""
        self.asked[self.prefix + name] = default
        return self.values.get(self.prefix + name, default).strip()

    def flag(self, name: str, default: bool = False) -> bool:
        """The value as yes or no. Raises ``ImproperlyConfigured`` for anything else."""
        value = self.text(name, "1" if default else "0").lower()
        if value in _TRUE:
            return True
        if value in _FALSE:
            return False
        raise ImproperlyConfigured(f"{self.prefix}{name} must be 1 or 0, not “{value}”.")

    def number(self, name: str, default: int) -> int:
        """The value as a whole number. Raises ``ImproperlyConfigured`` for anything else."""
        value = self.text(name, str(default))
        try:
            return int(value)
        except ValueError:
            raise ImproperlyConfigured(
                f"{self.prefix}{name} must be a whole number, not “{value}”."
            ) from None

    def words(self, name: str, default: str = "") -> list[str]:
        """The value as a list, split at commas and blanks."""
        return self.text(name, default).replace(",", " ").split()

    def database(self, name: str, default: str) -> dict[str, Any]:
        """A Django database entry from ``sqlite:///path`` or ``postgres://user:pw@host/name``.

        A host that is a folder (unix socket) is given as ``postgres:///name?host=/run/postgresql``.
        """
        return database(self.text(name, default))


def database(url: str) -> dict[str, Any]:
    """The Django database entry for a URL; see ``Env.database``."""
    parts = urlsplit(url)
    common: dict[str, Any] = {"CONN_MAX_AGE": 600, "CONN_HEALTH_CHECKS": True}
    if parts.scheme == "sqlite":
        path = unquote(parts.path)
        # sqlite:///relative and sqlite:////absolute, as other tools have it
        name = path.removeprefix("/")
        if not name:
            raise ImproperlyConfigured("The SQLite address names no file: sqlite:///path.")
        return {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": Path(name),
            "OPTIONS": dict(SQLITE_OPTIONS),
            **common,
        }
    if parts.scheme in {"postgres", "postgresql"}:
        query = dict(parse_qsl(parts.query))
        return {
            "ENGINE": "django.db.backends.postgresql",
            "NAME": unquote(parts.path.lstrip("/")),
            "USER": unquote(parts.username or ""),
            "PASSWORD": unquote(parts.password or ""),
            "HOST": query.pop("host", unquote(parts.hostname or "")),
            "PORT": str(parts.port or ""),
            "OPTIONS": query,
            **common,
        }
    raise ImproperlyConfigured(
        f"The database address must begin with sqlite:// or postgres://, not “{parts.scheme}”."
    )
