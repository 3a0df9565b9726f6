"""Gunicorn's log lines without personal data: the path of a personal link is as good as its key."""

from __future__ import annotations

import logging
from typing import Any

from gunicorn.glogging import Logger  # type: ignore[import-untyped]

from samspil.config.logs import scrub


class _Scrub(logging.Filter):
    """Says of an error what may be said: gunicorn tells the whole address and who asked."""

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg, record.args = scrub(record.getMessage()), ()
        return True


class ScrubbedLogger(Logger):  # type: ignore[misc]
    """Gunicorn's logger: keys, addresses and query strings are left out, whatever the format asks for."""

    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        if not any(isinstance(known, _Scrub) for known in self.error_log.filters):
            self.error_log.addFilter(_Scrub())

    def atoms(self, resp: Any, req: Any, environ: Any, request_time: Any) -> dict[str, Any]:
        """The parts of a line."""
        parts: dict[str, Any] = super().atoms(resp, req, environ, request_time)
        for name, value in parts.items():
            if isinstance(value, str):
                parts[name] = scrub(value)
        for name in ("q", "{query_string}e", "{raw_uri}e"):  # of a query nothing is kept
            if parts.get(name):
                parts[name] = "<query>"
        return parts
