"""The played round: what it leaves behind, and that it goes on where it was broken off."""

from __future__ import annotations

import io
from datetime import UTC, date, datetime
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from samspil.coordination.domain.round_queries import gap_rows
from samspil.coordination.models import (
    ExternalAgreement,
    Form,
    Proposal,
    Return,
    Round,
    RoundCourse,
)
from samspil.kernel import audit
from samspil.kernel.models import AuditStream
from samspil.web.example import play
from samspil.web.example.teller import Teller

pytestmark = pytest.mark.django_db


@pytest.fixture
def own_var(settings: Any, tmp_path: Any) -> Any:
    settings.VAR = tmp_path
    return tmp_path


@pytest.fixture(autouse=True)
def day_of_the_meeting(monkeypatch: pytest.MonkeyPatch) -> None:
    at = datetime(2026, 3, 18, 12, 0, tzinfo=UTC)
    monkeypatch.setattr("samspil.kernel.clock.now", lambda: at)


def _run(command: str) -> str:
    out = io.StringIO()
    call_command(command, stdout=out)
    return out.getvalue()


def _gaps(number: str) -> set[str]:
    rows = RoundCourse.objects.filter(round_fkb__fkb__number=number)
    return set(gap_rows(rows).values_list("course__number", flat=True))


def test_the_round_is_played_to_its_meeting_and_then_left_alone(own_var):
    _run("seed_example")
    told = _run("play_round")
    round = Round.objects.get(network__key="eso", year=2027)
    assert round.status == "meeting"
    assert (round.forms_sent_on.isoformat(), round.meeting_on.isoformat()) == (
        "2026-01-12",
        "2026-03-18",
    )
    owing = Form.objects.filter(round=round, status="sent").order_by("organisation__key")
    assert [form.organisation.key for form in owing] == ["handelsfagskolen", "viden-djurs"]
    # The board of the picture in the design.
    assert _gaps("2222") == {"90131", "90132", "90138"}
    assert ExternalAgreement.objects.get().round_course.course.number == "90137"
    row = RoundCourse.objects.get(course__number="90135")
    assert dict(row.commitments.values_list("organisation__key", "role")) == {
        "sosu-randers": "holder",
        "sosu-ostjylland": "follower",
        "sosu-herning": "follower",
        "sosu-stv": "follower",
    }
    assert str(row.commitments.get(role="holder").starts_on) == "2027-09-14"
    # Slips are told with the cell they stand in, and some wait for an answer.
    assert "Antal hold kan ikke være negativt: »-1«." in told
    assert "Industri!H6" in told
    assert Return.objects.filter(questions__gt=0).count() == 2
    assert "\r" not in told
    assert len(list((own_var / "eksempel" / "retur").glob("*.xlsx"))) == 13
    assert len(list((own_var / "eksempel" / "sendt").glob("*.xlsx"))) == 16
    events = AuditStream.objects.get(name=audit.stream_of(round.network_id)).length
    again = _run("play_round")
    assert "12 mål uden udbyder" in again
    assert AuditStream.objects.get(name=audit.stream_of(round.network_id)).length == events
    assert Proposal.objects.count() == 1


def test_a_round_that_was_broken_off_goes_on(own_var, monkeypatch):
    _run("seed_example")
    whole = play.Play._by_workbook
    done: list[str] = []

    def breaks_off(self: Any, form: Form, *rest: Any) -> None:
        if len(done) == 3:
            raise KeyboardInterrupt
        done.append(form.organisation.key)
        whole(self, form, *rest)

    monkeypatch.setattr(play.Play, "_by_workbook", breaks_off)
    with pytest.raises(KeyboardInterrupt):
        _run("play_round")
    monkeypatch.setattr(play.Play, "_by_workbook", whole)
    _run("play_round")
    assert Round.objects.get().status == "meeting"
    assert Return.objects.count() == 13
    assert _gaps("2222") == {"90131", "90132", "90138"}


@pytest.mark.parametrize(
    ("today", "meeting", "due", "signed"),
    [
        (date(2026, 1, 2), date(2026, 3, 18), date(2026, 2, 26), date(2026, 6, 30)),
        (date(2026, 4, 1), date(2026, 3, 18), date(2026, 2, 26), date(2026, 6, 30)),
        (date(2026, 11, 22), date(2026, 11, 23), date(2026, 11, 3), date(2027, 3, 7)),
        (date(2027, 12, 30), date(2027, 12, 30), date(2027, 12, 10), date(2027, 12, 31)),
    ],
)
def test_the_dates_are_the_pictures_or_fresh(today, meeting, due, signed):
    moments = play.Moments.at(today)
    assert moments.meeting_on == meeting
    assert (moments.dates.forms_due_on, moments.dates.signed_by_on) == (due, signed)
    moments.dates.check(play.YEAR)


def test_without_example_data_it_says_what_to_do():
    with pytest.raises(CommandError, match="seed_example"):
        _run("play_round")


class _Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_the_bar_moves_on_a_terminal_and_stands_still_elsewhere():
    for out, moves in ((_Terminal(), True), (io.StringIO(), False)):
        teller = Teller(out, steps=1)
        with teller.step("Prøve", 2) as step:
            step.advance("første")
            step.outcome = "færdig"
            step.say("en bemærkning")
        text = out.getvalue()
        assert ("\r" in text) == moves
        assert ("første" in text) == moves
        assert text.endswith("færdig\n      en bemærkning\n")
