"""Names and remarks as long as they may be: what is built of them fits, on PostgreSQL too."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from samspil.catalogue.models import Course, Fkb
from samspil.coordination.domain import archive
from samspil.coordination.models import Agreement, Commitment, Form, RoundArchive
from samspil.kernel import clock, outbox
from samspil.kernel.models import Job, MailMessage
from samspil.network.models import Network, Organisation, Person
from tests.factories.agreements import make_agreement_case
from tests.factories.board import NOW, make_round

pytestmark = pytest.mark.django_db


def stretch() -> None:
    """Every name in the database is as long as its column."""
    for number, row in enumerate(Organisation.objects.order_by("pk")):
        row.name, row.short_name = f"{number}" + "Æ" * 199, f"{number}" + "Ø" * 59
        row.save(update_fields=["name", "short_name"])
    Network.objects.update(name="Å" * 200, short_name="Å" * 40)
    Course.objects.update(title="M" * 250)
    Fkb.objects.update(title="F" * 250)
    Person.objects.update(name="P" * 120)


def press(client: Client, name: str, args: list[Any], data: dict[str, Any] | None = None) -> Any:
    answer = client.post(reverse(f"coordination:{name}", args=args), data or {})
    assert answer.status_code == 302, name
    return answer


def test_from_the_form_to_the_board() -> None:
    case = make_round(status="draft", schools=2, courses=2)
    Form.objects.update(status="draft")
    stretch()
    client = Client()
    client.force_login(case.secretariat_person)
    press(client, "send_forms", [case.round.pk])
    press(client, "remind", [case.round.pk])
    row, school = case.rows[0].pk, case.schools[0].pk
    answer = client.post(
        reverse("coordination:save_lines", args=[case.round.pk, school]),
        {f"offers-{row}": "ja", f"runs-{row}": "2", f"note-{row}": "n" * 500},
    )
    assert answer.json()["error"] == ""
    version = Form.objects.get(organisation=school).version
    press(client, "submit_form", [case.round.pk, school], {"version": version})
    press(client, "reopen_form", [case.round.pk, school], {"reason": "r" * 500})
    press(client, "comment", [case.round.pk, row], {"text": "k" * 2000})
    cell = {"role": "holder", "runs": "1", "when_text": "w" * 200, "keep_words": "on", "version": 0}
    press(client, "cell", [case.round.pk, row, case.schools[1].pk], cell)
    press(client, "archive_course", [case.round.pk, case.rows[1].pk], {"reason": "u" * 250})
    outbox.run_due(clock.now())
    assert not Job.objects.exclude(error="").exists()


def test_from_the_overview_to_the_archive() -> None:
    kit = make_agreement_case()
    stretch()
    Commitment.objects.update(when_text="w" * 200, updated_by_label="P" * 200)
    kit.freeze()
    agreement = kit.make()
    client = Client()
    client.force_login(kit.leaders[0])
    school = kit.case.schools[0].pk
    press(client, "decline", [agreement.pk, school], {"reason": "g" * 250})
    client.force_login(kit.case.secretariat_person)
    press(client, "remind_signers", [agreement.pk])
    for index in range(4):
        kit.sign(Agreement.objects.get(), index)
    outbox.run_due(clock.now())
    archive.close_round(actor=kit.case.secretariat, now=NOW, round=kit.case.round)
    outbox.run_due(clock.now())
    assert RoundArchive.objects.exists()
    assert not Job.objects.exclude(error="").exists()
    assert all(len(mail.subject) <= 300 for mail in MailMessage.objects.order_by("pk"))
