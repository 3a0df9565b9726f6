"""Mail over a real SMTP server: once, whole, and only after commit."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import transaction

from samspil.coordination.notifications import FormReturned
from samspil.kernel import files, mail, outbox
from samspil.kernel.actor import Actor
from samspil.kernel.models import Job, MailMessage, MailState
from tests.factories.board import make_round

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)


def _send(**options: Any) -> MailMessage:
    case = make_round(status="collecting")
    form = case.round.forms.select_related("organisation", "round__network").first()
    return mail.send(
        FormReturned(form=form, person=None, url="http://x/", returned=1, total=3),
        to="modtager@example.test",
        now=NOW,
        **options,
    )


def test_it_arrives_with_danish_letters_and_attachment(smtp_server: Any) -> None:
    stored = files.store(
        b"%PDF-1.7 \xff\x00", "aftale-æøå.pdf", "application/pdf", actor=Actor.system("t"), now=NOW
    )
    message = _send(attachments=[stored])
    assert smtp_server.inbox.received == []
    outbox.run_due(NOW)
    (got,) = smtp_server.inbox.received
    assert got.recipients == ["modtager@example.test"]
    assert "Social- og Sundhedsskole har indsendt skemaet" in got.message["Subject"]
    body = got.message.get_body(("plain",))
    assert body is not None
    assert "1 af 3 skoler" in body.get_content()
    (attachment,) = got.message.iter_attachments()
    assert attachment.get_filename() == "aftale-æøå.pdf"
    assert attachment.get_content() == b"%PDF-1.7 \xff\x00"
    message.refresh_from_db()
    assert message.state == MailState.SENT
    assert got.message["Message-ID"] == message.message_id


def test_nothing_leaves_when_the_transaction_rolls_back(smtp_server: Any) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        _send()
        raise ZeroDivisionError
    outbox.run_due(NOW)
    assert smtp_server.inbox.received == []
    assert not MailMessage.objects.exists()


def test_a_server_that_refuses_is_tried_again_and_gets_it_once(smtp_server: Any) -> None:
    smtp_server.inbox.refuse_with = "451 senere"
    message = _send()
    outbox.run_due(NOW)
    message.refresh_from_db()
    assert message.state == MailState.QUEUED
    smtp_server.inbox.refuse_with = None
    Job.objects.update(run_at=NOW)
    outbox.run_due(NOW)
    outbox.run_due(NOW)
    assert len(smtp_server.inbox.received) == 1


def test_a_job_done_twice_sends_once(smtp_server: Any) -> None:
    message = _send()
    mail.deliver({"mail": message.pk}, now=NOW)
    mail.deliver({"mail": message.pk}, now=NOW)
    assert len(smtp_server.inbox.received) == 1


def test_a_subject_never_becomes_a_header_of_its_own(smtp_server: Any) -> None:
    case = make_round(status="collecting", fkb="9333")
    school = case.schools[0]
    school.name = "Skole\r\nBcc: alle@example.test"
    school.save()
    form = case.round.forms.select_related("organisation", "round__network").get(
        organisation=school
    )
    mail.send(
        FormReturned(form=form, person=None, url="x", returned=1, total=1),
        to="modtager@example.test",
        now=NOW,
    )
    outbox.run_due(NOW)
    (got,) = smtp_server.inbox.received
    assert got.message["Bcc"] is None
    assert got.recipients == ["modtager@example.test"]
