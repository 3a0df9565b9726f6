"""Every important button pressed twice: the second press is told, and nothing happens twice.

The script stops a double click already (tests/e2e/test_double_click.py); here two requests arrive
all the same, as from a second tab, a slow line, or a browser without script.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from django.urls import reverse

from samspil.coordination.models import (
    Agreement,
    ChangeSet,
    Form,
    Meeting,
    MeetingDecision,
    MeetingTask,
    Overview,
    Proposal,
    Round,
)
from samspil.kernel.models import AuditEvent, Job, MailMessage
from samspil.network.models import Invitation
from tests.factories.agreements import AgreementCase, make_agreement_case
from tests.factories.board import RoundCase, make_round
from tests.support.walk import World

pytestmark = pytest.mark.django_db

COUNTED = (AuditEvent, MailMessage, Job, ChangeSet, Overview, Agreement, Proposal, Invitation)


def client_of(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def state() -> list[int]:
    return [model.objects.count() for model in COUNTED]


def press_twice(
    client: Client, name: str, args: list[Any], data: dict[str, Any] | None = None
) -> str:
    """Press a button in two tabs. Gives what the second one was told."""
    url = reverse(name, args=args)
    first = client.post(url, data or {})
    assert first.status_code == 302, first.status_code
    list(get_messages(first.wsgi_request))
    client.get(first["Location"])  # reads the first message
    before = state()
    second = client.post(url, data or {})
    assert second.status_code in {200, 302, 400, 404, 409}
    assert state() == before, dict(zip(COUNTED, zip(before, state(), strict=True), strict=True))
    if second.status_code == 302:
        said = [str(message) for message in get_messages(second.wsgi_request)]
        return " ".join(said)
    return str(second.text)


def draft() -> RoundCase:
    case = make_round(status="draft", schools=3, courses=2)
    Form.objects.filter(round=case.round).update(status="draft")
    return case


def test_send_forms() -> None:
    case = draft()
    said = press_twice(
        client_of(case.secretariat_person), "coordination:send_forms", [case.round.pk]
    )
    assert said == "Alle skemaer er allerede sendt."
    assert MailMessage.objects.count() == 3


def test_remind_schools() -> None:
    case = draft()
    client = client_of(case.secretariat_person)
    client.post(reverse("coordination:send_forms", args=[case.round.pk]))
    said = press_twice(client, "coordination:remind", [case.round.pk])
    assert said.count("er mindet om det i dag") == 3


@pytest.mark.parametrize(
    ("status", "verb"),
    [("collecting", "start_meeting"), ("meeting", "start_signing"), ("signing", "reopen_meeting")],
)
def test_next_step(status: str, verb: str) -> None:
    case = make_round(status=status)
    said = press_twice(
        client_of(case.secretariat_person),
        "coordination:move_round",
        [case.round.pk],
        {"verb": verb},
    )
    assert said


def test_hand_in_a_form() -> None:
    case = make_round(status="collecting", schools=1)
    Form.objects.filter(round=case.round).update(status="sent", version=1)
    case.intend(case.rows[0], 0, offers=True, runs=1)
    said = press_twice(
        client_of(case.people[0]),
        "coordination:submit_form",
        [case.round.pk, case.schools[0].pk],
        {"version": "1"},
    )
    assert "indsendt" in said
    assert MailMessage.objects.count() == 1


def test_ask_for_a_proposal() -> None:
    """Asking again is a new question: the first answer is put away, one stands."""
    case = make_round()
    client = client_of(case.secretariat_person)
    for _press in range(2):
        client.post(reverse("coordination:ask_proposal", args=[case.round.pk]))
    assert Proposal.objects.exclude(status="discarded").count() == 1
    assert not Job.objects.filter(kind="mail.deliver").exists()


@pytest.fixture
def full() -> AgreementCase:
    return make_agreement_case()


def test_freeze_and_make_the_agreement(full: AgreementCase) -> None:
    client = client_of(full.case.secretariat_person)
    place = [full.case.round.pk, full.case.fkb.fkb.number]
    assert press_twice(client, "coordination:freeze", place)
    assert Overview.objects.count() == 1
    assert press_twice(client, "coordination:make_agreement", place)
    assert Agreement.objects.count() == 1
    assert MailMessage.objects.count() == 4


def test_remind_the_signers(full: AgreementCase) -> None:
    full.freeze()
    agreement = full.make()
    client = client_of(full.case.secretariat_person)
    said = press_twice(client, "coordination:remind_signers", [agreement.pk])
    assert said.startswith("Ingen at minde")


def test_sign(full: AgreementCase, settings: Any) -> None:
    settings.EXAMPLE_DOOR = True
    full.freeze()
    agreement = full.make()
    said = press_twice(
        client_of(full.leaders[0]),
        "coordination:sign",
        [agreement.pk, full.case.schools[0].pk],
        {"content_hash": agreement.content_hash, "example": "1"},
    )
    assert said


def test_decline(full: AgreementCase) -> None:
    full.freeze()
    agreement = full.make()
    said = press_twice(
        client_of(full.leaders[0]),
        "coordination:decline",
        [agreement.pk, full.case.schools[0].pk],
        {"reason": "Vi mangler en lærer"},
    )
    assert said


def test_close_the_round(full: AgreementCase) -> None:
    full.freeze()
    agreement = full.make()
    for index in range(4):
        full.sign(agreement, index)
    said = press_twice(
        client_of(full.case.secretariat_person), "coordination:close_round", [full.case.round.pk]
    )
    assert said
    assert Round.objects.get().status == "closed"


def test_lists_and_workbooks() -> None:
    world = World()
    client = client_of(world.people["secretariat"])
    assert press_twice(client, "catalogue:import_apply", [world.batch.pk])
    assert press_twice(client, "catalogue:import_undo", [world.batch.pk])
    assert press_twice(client, "coordination:undo", [world.inside.round.pk, world.change_set.pk])
    matrix = world.matrix
    assert press_twice(client, "coordination:matrix", [matrix.pk], {"version": matrix.version})
    returned = world.returned
    assert press_twice(client, "coordination:return", [returned.pk], {"version": returned.version})


def test_people() -> None:
    world = World()
    client = client_of(world.people["secretariat"])
    person = {"email": "helt.ny@example.test", "name": "Ny", "role": "reader"}
    assert press_twice(client, "network:invite_to_network", [world.inside.network.pk], person)
    assert press_twice(client, "network:withdraw_invitation", [world.invitation.pk])
    args = [world.inside.network.pk]
    assert press_twice(
        client, "network:organisation_new", args,
        {"name": "Ny Skole", "kind": "school", "membership_kind": "invited"},
    )  # fmt: skip


def test_open_a_round() -> None:
    """The second press does not open the year after."""
    case = make_round(year=2026)
    client = client_of(case.secretariat_person)
    page = client.get(reverse("coordination:open_round", args=[case.network.pk]))
    year = page.context["choices"].year
    address = page.text.split('<form method="post" action="?')[1].split('"')[0]
    assert address == f"aar={year}"
    url = reverse("coordination:open_round", args=[case.network.pk]) + "?" + address
    data = {
        "fkbs": case.fkb.fkb_id,
        "schools": [school.pk for school in case.schools],
        "forms_due_on": f"26-02-{year - 1}",
        "meeting_on": f"18-03-{year - 1}",
        "signed_by_on": f"30-06-{year - 1}",
        "low_activity_below": "8",
    }
    first, second = client.post(url, data), client.post(url, data)
    assert first["Location"] == second["Location"]
    assert "har allerede en runde" in " ".join(map(str, get_messages(second.wsgi_request)))
    assert set(Round.objects.values_list("year", flat=True)) == {2026, year}


def test_the_buttons_of_a_meeting() -> None:
    """Begun, decided, put off, undone, a task, the end: each press counts once."""
    case = make_round(schools=2, courses=3)
    client = client_of(case.secretariat_person)
    round = [case.round.pk]
    client.post(reverse("coordination:begin_meeting", args=round))
    state_before = state()
    client.post(reverse("coordination:begin_meeting", args=round))
    assert state() == state_before
    row, other = case.rows[0].pk, case.rows[1].pk
    task = {"text": "Spørg nabokredsen", "school": "", "due_on": "01-01-2099"}
    press_twice(client, "coordination:take_gap", [*round, row], {"eget-school": case.schools[0].pk})
    press_twice(
        client,
        "coordination:put_off_gap",
        [*round, other],
        {f"senere-{name}": value for name, value in task.items()},
    )
    press_twice(
        client,
        "coordination:add_meeting_task",
        round,
        {f"opgave-{name}": value for name, value in task.items()},
    )
    assert MeetingTask.objects.count() == 2
    last = MeetingDecision.objects.get(round_course=row)
    press_twice(client, "coordination:undo_decision", [*round, last.pk])
    version = Meeting.objects.get().version
    said = press_twice(
        client, "coordination:end_meeting", round, {"participants": "Anna", "version": version}
    )
    assert said == "Mødet er afsluttet."
    assert Job.objects.filter(kind="coordination.write_protocol").count() == 1
    done = MeetingTask.objects.earliest("pk")
    press_twice(client, "coordination:finish_meeting_task", [*round, done.pk])
