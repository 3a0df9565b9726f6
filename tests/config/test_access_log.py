"""Gunicorn with the settings that we ship writes no key of a personal link into its log."""

from __future__ import annotations

import http.client
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONFIG = ROOT / "src/samspil/config/gunicorn.py"


def app(environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
    """What gunicorn serves here; ``/fejl`` fails as no page of ours does."""
    if environ["PATH_INFO"].startswith("/fejl"):
        raise RuntimeError("prøve")
    start("200 OK", [("Content-Type", "text/plain")])
    return [b"ok"]


@pytest.fixture
def served(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[tuple[int, Path]]:
    """A port, and the file with everything that is logged."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = tmp_path / "log.txt"
    more = getattr(request, "param", [])
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "gunicorn", "--config", CONFIG, "--bind", f"127.0.0.1:{port}",
             "--workers", "1", *more, "tests.config.test_access_log:app"],
            cwd=ROOT, stdout=out, stderr=out,
            env={**os.environ, "SAMSPIL_ACCESS_LOG": "-", "PYTHONPATH": f"{ROOT}:{ROOT / 'src'}"},
        )  # fmt: skip
        try:
            for _ in range(300):
                try:
                    ask(port, "/klar")
                    break
                except OSError:
                    time.sleep(0.1)
            yield port, log
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(timeout=20)


def ask(port: int, path: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers={"Referer": f"http://x{path}"})
        connection.getresponse().read()
    finally:
        connection.close()


def logged(log: Path, until: str) -> str:
    for _ in range(100):
        text = log.read_text()
        if until in text:
            break
        time.sleep(0.1)
    return text


EVERYTHING = ["--access-logformat", "%(h)s %(r)s %(U)s %(q)s %(f)s %({raw_uri}e)s %({referer}i)s"]


@pytest.mark.slow
@pytest.mark.parametrize("served", [[], EVERYTHING], indirect=True, ids=["ours", "everything"])
def test_no_key_is_logged(served: tuple[int, Path]) -> None:
    port, log = served
    keys = [
        f"{secrets.token_hex(8)}-{secrets.token_urlsafe(16)}",
        secrets.token_urlsafe(32),
        secrets.token_urlsafe(24),
        secrets.token_hex(16),
    ]
    for key in keys:
        ask(port, f"/tilmelding/min/{key}/navne/?navn=Inge+Holm")
        ask(port, f"/netvaerk/velkommen/{key}/")
        ask(port, f"/konto/password/reset/key/1a-{key}/")
        ask(port, f"/fejl/{key}/?navn=Inge+Holm")
    ask(port, "/kurser/22906/")
    ask(port, "/slut")
    text = logged(log, "/slut")
    assert "GET /kurser/22906/" in text and "/tilmelding/min/<key>/navne/" in text
    assert "Error handling request" in text
    assert not [key for key in keys if key in text]
    assert "Inge" not in text and "127.0.0.1" not in text
