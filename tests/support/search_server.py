"""A stand-in for the national search: a real HTTP server on this machine with recorded answers."""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit


@dataclass
class Reply:
    """What the server answers. ``cut``: so many bytes of the body, then the line goes dead.
    ``stall``: seconds of silence before the body."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    cut: int | None = None
    stall: float = 0.0


@dataclass
class Asked:
    """A question that came in: the course and page of its address, and its headers."""

    course: str
    page: int
    headers: dict[str, str]


Answers = Callable[[Asked], Reply]


def page_of(records: Sequence[dict[str, Any]]) -> Reply:
    return Reply(body=json.dumps({"holdCardDtos": list(records)}, ensure_ascii=False).encode())


class SearchServer:
    """Runs in threads from ``with`` to its end. ``answers`` may be exchanged at any time."""

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.asked: list[Asked] = []
        self.silence = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                query = parse_qs(urlsplit(self.path).query)
                asked = Asked(
                    course=query.get("subject_code", [""])[0],
                    page=int(query.get("pageCount", ["1"])[0]),
                    headers={name.lower(): value for name, value in self.headers.items()},
                )
                outer.asked.append(asked)
                reply = outer.answers(asked)
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                if reply.status != 304:
                    self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                if reply.stall:
                    self.wfile.flush()
                    outer.silence.wait(reply.stall)
                if reply.cut is not None:
                    self.wfile.write(reply.body[: reply.cut])
                    self.wfile.flush()
                    self.close_connection = True
                elif reply.status != 304:
                    self.wfile.write(reply.body)

            def log_message(self, *args: object) -> None:
                pass

            def handle(self) -> None:
                with contextlib.suppress(ConnectionError):  # the client had enough
                    super().handle()

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = False
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.02,))

    @property
    def address(self) -> str:
        host, port = self.server.server_address[:2]
        return f"http://{host!s}:{port}/soeg?subject_code={{course}}&level=-&type=AMU&pageCount={{page}}"

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *args: object) -> None:
        self.silence.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()
