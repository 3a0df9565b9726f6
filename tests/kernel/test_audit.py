"""The audit trail: chained, append-only, and checked without the application."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.db import DatabaseError, transaction
from hypothesis import given
from hypothesis import strategies as st

from samspil.kernel import audit
from samspil.kernel.actor import Actor
from samspil.kernel.models import AuditEvent, AuditStream
from tools import verify_audit

ROOT = Path(__file__).resolve().parents[2]
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
ACTOR = Actor(kind="person", label="Ærlig Øster <a@example.test>", person_id=7)


def _event(number: int, stream: str = "network:1", **after: Any) -> audit.PendingEvent:
    return audit.PendingEvent(
        verb="test.change",
        stream=stream,
        subject_type="network.organisation",
        subject_id=str(number),
        subject_label=f"Skole {number} på Ærø",
        summary="Ændret »navn«",
        before=None,
        after={"n": number, **after},
        organisation_id=None,
    )


def _written(count: int = 6) -> list[bytes]:
    for number in range(count):
        audit.append([_event(number)], actor=ACTOR, now=NOW + timedelta(seconds=number))
    return [line.encode() for line in audit.export_lines("network:1")]


@pytest.mark.django_db
class TestChain:
    """Events in the database and in the export."""

    def test_an_export_holds(self) -> None:
        lines = _written()
        assert verify_audit.check(lines) == (6, "")
        assert AuditStream.objects.get(name="network:1").length == 6

    def test_streams_are_chained_each_on_its_own(self) -> None:
        audit.append([_event(1), _event(2, stream="platform"), _event(3)], actor=ACTOR, now=NOW)
        for stream, length in (("network:1", 2), ("platform", 1)):
            lines = [line.encode() for line in audit.export_lines(stream)]
            assert verify_audit.check(lines) == (length, "")

    def test_every_changed_byte_is_found(self) -> None:
        """Not a sample: each byte of a whole event, and of the hashes around it."""
        lines = _written(3)
        for position in range(len(lines[1])):
            changed = bytearray(lines[1])
            changed[position] ^= 1
            held, wrong = verify_audit.check([lines[0], bytes(changed), lines[2]])
            assert wrong, f"byte {position} can be changed unseen"
            assert held <= 2

    def test_a_missing_a_moved_and_a_doubled_event_are_found(self) -> None:
        lines = _written(4)
        assert verify_audit.check([lines[0], lines[2], lines[3]])[1]
        assert verify_audit.check([lines[1], lines[0], *lines[2:]])[1]
        assert verify_audit.check([lines[0], lines[0], *lines[1:]])[1]
        assert verify_audit.check(lines[1:])[1]

    def test_the_database_refuses_a_change(self) -> None:
        _written(1)
        with pytest.raises(DatabaseError), transaction.atomic():
            AuditEvent.objects.update(summary="noget andet")
        with pytest.raises(TypeError):
            AuditEvent.objects.get().delete()

    def test_the_verifier_runs_without_the_application(self, tmp_path: Path) -> None:
        good, bad = tmp_path / "good.jsonl", tmp_path / "bad.jsonl"
        content = b"".join(line + b"\n" for line in _written(3))
        good.write_bytes(content)
        bad.write_bytes(content.replace(b'"n":1', b'"n":9'))

        def run(path: Path) -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [sys.executable, "-I", "-S", str(ROOT / "tools/verify_audit.py"), str(path)],
                capture_output=True,
                text=True,
                check=False,
            )

        assert run(good).returncode == 0
        assert "3 events hold" in run(good).stdout
        assert run(bad).returncode == 1
        assert "after 1 events" in run(bad).stdout
        good.write_bytes(content[:-5])
        assert run(good).returncode == 1


_plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\x00"))
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.dates(min_value=date(1900, 1, 1)),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.dictionaries(st.text(max_size=8), _plain, max_size=5))
def test_canonical_json_survives_being_read_and_written(values: dict[str, Any]) -> None:
    text = audit.canonical(audit.plain(values))
    assert audit.canonical(json.loads(text)) == text


@given(st.decimals(allow_nan=False, allow_infinity=False))
def test_no_number_is_written_with_a_point(value: Decimal) -> None:
    assert isinstance(audit.plain(value), str)
