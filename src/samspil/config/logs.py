"""Log lines as JSON, without personal data."""

from __future__ import annotations

import json
import logging
import re
from datetime import UTC, datetime

_PERSONAL = [
    (re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+"), "<mail>"),
    (re.compile(r"\b\d{6}-?\d{4}\b"), "<cpr>"),
    # keys in addresses: invitations, password resets, sessions
    (re.compile(r"(?<![\w/-])[\w-]{32,}|(?<=/)[\w:-]{20,}(?=/|\b)"), "<key>"),
    (re.compile(r"\b\d{1,3}(\.\d{1,3}){3}\b"), "<ip>"),
    (re.compile(r"\?[^\s'\"]+"), "?<query>"),
]


def scrub(text: str) -> str:
    """The text with mail addresses, CPR numbers, IP addresses, keys and query strings out."""
    for pattern, word in _PERSONAL:
        text = pattern.sub(word, text)
    return text


class JsonFormatter(logging.Formatter):
    """One JSON object a line: time, level, logger, message and, on errors, the traceback."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": scrub(record.getMessage()),
        }
        status = getattr(record, "status_code", None)
        if status is not None:
            line["status"] = status
        if record.exc_info:
            line["traceback"] = scrub(self.formatException(record.exc_info))
        return json.dumps(line, ensure_ascii=False)
