"""A program that speaks as ``python -m planning solve`` does, and does what its problem says.

For tests of who watches it. ``{"do": "count", "to": 3}`` finds a better answer every 50 ms, from the
one it starts with, until ``to`` or until it is asked to stop; other words for ``do`` stand below.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import sys
import time
from pathlib import Path
from typing import Any


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("file", type=Path)
    for name in ("--work", "--seconds", "--seed", "--start", "--best", "--processes"):
        parser.add_argument(name)
    parser.add_argument("--progress", action="store_true")
    args = parser.parse_args()
    problem: dict[str, Any] = json.loads(args.file.read_text())
    asked = []
    signal.signal(signal.SIGTERM, lambda *_: asked.append(True))
    if problem["do"] != "deaf":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    start = json.loads(Path(args.start).read_text()) if args.start else {"n": 0}
    if problem["do"] == "unreadable" or "n" not in start:
        sys.stderr.write("version: is not known here\n")
        return 2
    if problem["do"] == "hungry":
        sys.stderr.write(f"{len(bytearray(8 * 1024**3))}\n")
    began, n = time.monotonic(), start["n"]
    while n < problem.get("to", 10**9) and not asked:
        n += 1
        bound = {"term": "covered", "value": n, "best_possible": 100}
        told = {"seconds": time.monotonic() - began, "phase": "count", "bounds": [bound]}
        answer = {"status": "stopped", "n": n, "from": start["n"], "pid": os.getpid()}
        beside = Path(args.best).with_suffix(".new")
        beside.write_text(json.dumps(answer))
        beside.replace(args.best)
        sys.stderr.write(json.dumps(told) + "\n")
        sys.stderr.flush()
        if problem["do"] == "crash" and n == start["n"] + 3:
            os.abort()
        if float(args.seconds) < time.monotonic() - began and problem["do"] != "deaf":
            break
        time.sleep(0.05)
    status = "impossible" if problem["do"] == "impossible" else "stopped" if asked else "proven"
    json.dump(
        {
            "status": status,
            "n": n,
            "from": start["n"],
            "seconds": args.seconds,
            "processes": args.processes,
        },
        sys.stdout,
    )
    sys.stderr.write("done\n")
    return 1 if problem["do"] in {"break", "impossible"} else 0


if __name__ == "__main__":
    sys.exit(main())
