"""Many pages that follow a meeting, as its script does: one kept connection and a pass each.

A process of its own, so that its work is not counted as the server's. Standard library only.
Reads what to do as JSON from standard input, writes what it saw as JSON to standard output.
"""

from __future__ import annotations

import heapq
import json
import random
import selectors
import socket
import sys
import time
from typing import Any


class Viewer:
    """One page: asks, waits, asks again ``every`` seconds after it last asked."""

    __slots__ = ("asked", "buffer", "etag", "head", "sock")

    def __init__(self, port: int, path: str, cookie: str) -> None:
        self.sock = socket.create_connection(("127.0.0.1", port), timeout=30)
        self.sock.setblocking(False)
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.head = (
            f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept-Encoding: gzip\r\nCookie: {cookie}\r\n"
        ).encode()
        self.etag = b""
        self.asked = 0.0
        self.buffer = b""

    def ask(self, now: float) -> None:
        self.asked = now
        self.buffer = b""
        tail = b"If-None-Match: " + self.etag + b"\r\n\r\n" if self.etag else b"\r\n"
        self.sock.send(self.head + tail)

    def answered(self) -> int:
        """Status once the whole answer is there, else 0; -1 when the server has hung up."""
        try:
            part = self.sock.recv(65536)
        except ConnectionError:
            part = b""
        if not part:
            return -1
        self.buffer += part
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0:
            return 0
        head = self.buffer[:end]
        status = int(head[9:12])
        length, etag = 0, self.etag
        for line in head.split(b"\r\n")[1:]:
            name, _colon, value = line.partition(b":")
            if name.lower() == b"content-length":
                length = int(value)
            elif name.lower() == b"etag":
                etag = value.strip()
        if status != 304 and len(self.buffer) < end + 4 + length:
            return 0
        if status in (200, 304):
            self.etag = etag
        return status


def follow(task: dict[str, Any]) -> dict[str, Any]:
    """Let the viewers ask for ``seconds``; ``every`` 0 is as fast as each is answered."""
    rng = random.Random(7)
    port, every = task["port"], task["every"]
    chosen = selectors.DefaultSelector()
    due: list[tuple[float, int]] = []
    viewers = []
    for index, (path, cookie) in enumerate(task["viewers"]):
        viewer = Viewer(port, path, cookie)
        viewers.append(viewer)
        chosen.register(viewer.sock, selectors.EVENT_READ, index)
    start = time.monotonic()
    for index in range(len(viewers)):
        heapq.heappush(due, (start + rng.random() * every, index))
    measured_from = start + task["warm"]
    until = measured_from + task["seconds"]
    took: list[float] = []
    late: list[float] = []
    statuses: dict[int, int] = {}
    changes: list[tuple[float, int]] = []
    dropped = 0
    while True:
        now = time.monotonic()
        if now >= until:
            break
        while due and due[0][0] <= now:
            planned, index = heapq.heappop(due)
            viewers[index].ask(now)
            if planned >= measured_from:
                late.append(now - planned)
        wait = max(0.0, min(due[0][0] if due else until, until) - now)
        for key, _mask in chosen.select(wait):
            index = key.data
            viewer = viewers[index]
            status = viewer.answered()
            now = time.monotonic()
            if status == 0:
                continue
            if status < 0:
                dropped += 1
                chosen.unregister(viewer.sock)
                viewer.sock.close()
                path, cookie = task["viewers"][index]
                fresh = Viewer(port, path, cookie)
                fresh.etag = viewer.etag
                viewers[index] = fresh
                chosen.register(fresh.sock, selectors.EVENT_READ, index)
                heapq.heappush(due, (now, index))
                continue
            if viewer.asked >= measured_from:
                took.append(now - viewer.asked)
                statuses[status] = statuses.get(status, 0) + 1
                if status == 200:
                    changes.append((time.time(), index))
            heapq.heappush(due, (max(viewer.asked + every, now), index))
    return {
        "took": took,
        "statuses": statuses,
        "changes": changes,
        "dropped": dropped,
        "late": late,
        "from": measured_from,
    }


if __name__ == "__main__":
    json.dump(follow(json.load(sys.stdin)), sys.stdout)
