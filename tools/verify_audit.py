#!/usr/bin/env python3
"""Check an export of the audit trail without the application: ``verify_audit.py FILE …``.

Needs Python alone. A file holds one stream as JSON Lines, oldest event first. Each event's hash
is SHA-256 of the previous hash, a line feed, and the event as canonical JSON (keys sorted, no
blanks, UTF-8). Answers with one line a file; the exit code is 1 when anything is wrong.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path

GENESIS = ""


def check(lines: list[bytes]) -> tuple[int, str]:
    """Events that hold, and what is wrong with the next one (empty: all hold)."""
    previous = GENESIS
    stream = None
    for number, raw in enumerate(lines, 1):
        try:
            event = json.loads(raw.decode("utf-8"))
            claimed, before = event.pop("hash"), event.pop("prev_hash")
        except (UnicodeDecodeError, ValueError, KeyError, AttributeError, TypeError):
            return number - 1, f"line {number} is not an event"
        stream = stream or event.get("stream")
        if event.get("stream") != stream:
            return number - 1, f"line {number} is of another stream"
        if event.get("seq") != number:
            return number - 1, f"line {number} has number {event.get('seq')}"
        if before != previous:
            return number - 1, f"line {number} does not follow the one before it"
        text = json.dumps(event, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        whole = {**event, "hash": claimed, "prev_hash": before}
        if raw != json.dumps(
            whole, ensure_ascii=False, sort_keys=True, separators=(",", ":")
        ).encode("utf-8"):
            return number - 1, f"line {number} is not written canonically"
        actual = hashlib.sha256(f"{previous}\n{text}".encode()).hexdigest()
        if actual != claimed:
            return number - 1, f"line {number} was changed: its hash does not fit"
        previous = claimed
    return len(lines), ""


def main(paths: list[str]) -> int:
    """Check each file; 0 when every event of every file holds, 2 when no file is named."""
    if not paths:
        print(__doc__)
        return 2
    failed = False
    for path in paths:
        content = Path(path).read_bytes()
        ends_whole = not content or content.endswith(b"\n")
        lines = content.split(b"\n")[: -1 if ends_whole else None] if content else []
        held, wrong = check(lines)
        if not wrong and not ends_whole:
            wrong = "the last line is cut off"
        if wrong:
            failed = True
            print(f"{path}: WRONG after {held} events: {wrong}")
        else:
            last = json.loads(lines[-1])["hash"] if lines else "-"
            print(f"{path}: {held} events hold; last hash {last}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
