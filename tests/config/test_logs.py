from __future__ import annotations

import json
import logging
import sys

import pytest

from samspil.config.logs import JsonFormatter, scrub


@pytest.mark.parametrize(
    ("text", "gone"),
    [
        ("mail to inge.holm@aarhustech.dk failed", "inge"),
        ("cpr 010190-1234", "010190"),
        ("cpr 0101901234", "0101901234"),
        ("GET /netvaerk/invitation/3f9aQ2xX7vLk0TzYw8uJrBn4/", "3f9a"),
        ("from 192.168.10.20", "192.168"),
        ("GET /runder/?q=Inge+Holm", "Inge"),
    ],
)
def test_no_personal_data(text: str, gone: str) -> None:
    assert gone not in scrub(text)


def test_ordinary_text_stays() -> None:
    text = "job mail.deliver took 12 ms at /runder/2027/fkb/2735/"
    assert scrub(text) == text


def test_a_line_is_json_with_the_traceback() -> None:
    try:
        raise ValueError("bad mail for a@b.dk")
    except ValueError:
        record = logging.getLogger("x").makeRecord(
            "x", logging.ERROR, __file__, 1, "failed for %s", ("a@b.dk",), sys.exc_info()
        )
    line = json.loads(JsonFormatter().format(record))
    assert line["level"] == "ERROR"
    assert line["message"] == "failed for <mail>"
    assert "ValueError" in line["traceback"]
    assert "a@b.dk" not in line["traceback"]
