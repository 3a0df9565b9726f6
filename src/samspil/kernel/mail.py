"""Mail: a class per message, written as a row with its job, sent by the worker over SMTP."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import models
from django.template.loader import render_to_string
from django.utils import translation

from samspil.kernel.audit import plain
from samspil.kernel.models import Job, MailMessage, MailState, StoredFile
from samspil.kernel.outbox import enqueue, job

LATE: dict[str, Callable[[MailMessage], dict[str, str]]] = {}
"""By category: what is put into a mail when it leaves and not before, such as a personal link. The
stored mail holds the placeholder, so that whoever reads the database cannot use the link."""


class Notification:
    """Base of every message. A subclass names its category and its templates.

    ``template`` is a path without ending: ``<template>.subject.txt``, ``<template>.txt`` and,
    where there is one, ``<template>.html`` are rendered with ``context``.
    """

    category: ClassVar[str]
    template: ClassVar[str]
    has_html: ClassVar[bool] = False

    def __init__(self, **context: Any) -> None:
        self.context = {"base_url": settings.BASE_URL, **context}


def send(
    notification: Notification,
    *,
    to: str,
    now: datetime,
    subject_of: models.Model | None = None,
    network_id: int | None = None,
    organisation_id: int | None = None,
    attachments: Sequence[StoredFile] = (),
    language: str = "da",
) -> MailMessage:
    """Write a mail to be sent after commit. ``subject_of`` is the object it is about."""
    with translation.override(language):
        name = notification.template
        subject = " ".join(render_to_string(f"{name}.subject.txt", notification.context).split())
        text = render_to_string(f"{name}.txt", notification.context)
        html = (
            render_to_string(f"{name}.html", notification.context) if notification.has_html else ""
        )
    return queue(
        category=notification.category,
        to=to,
        subject=subject,
        text=text,
        html=html,
        now=now,
        subject_of=subject_of,
        network_id=network_id,
        organisation_id=organisation_id,
        attachments=attachments,
    )


def queue(
    *,
    category: str,
    to: str,
    subject: str,
    text: str,
    now: datetime,
    html: str = "",
    subject_of: models.Model | None = None,
    network_id: int | None = None,
    organisation_id: int | None = None,
    attachments: Sequence[StoredFile] = (),
) -> MailMessage:
    """Write a mail that is already rendered, with the job that sends it after commit."""
    message = MailMessage.objects.create(
        category=category,
        to=to,
        subject=" ".join(subject.split())[:300],
        text=text,
        html=html,
        message_id=f"<{uuid.uuid4()}@{settings.MAIL_DOMAIN}>",
        network_id=network_id,
        organisation_id=organisation_id,
        subject_type=subject_of._meta.label_lower if subject_of else "",
        subject_id=subject_of.pk if subject_of else None,
        created_at=now,
    )
    if attachments:
        message.attachments.set(attachments)
    enqueue("mail.deliver", {"mail": message.pk}, now=now, key=f"mail:{message.pk}")
    return message


def queue_all(messages: Iterable[tuple[MailMessage, str, str]], *, now: datetime) -> None:
    """Write many rendered mails at once, each with its job: message without texts, subject, text."""
    rows = []
    for message, subject, text in messages:
        message.subject = " ".join(subject.split())[:300]
        message.text = text
        message.message_id = f"<{uuid.uuid4()}@{settings.MAIL_DOMAIN}>"
        message.created_at = now
        rows.append(message)
    MailMessage.objects.bulk_create(rows, batch_size=500)
    Job.objects.bulk_create(
        [
            Job(
                kind="mail.deliver",
                payload=plain({"mail": row.pk}),
                key=f"mail:{row.pk}",
                run_at=now,
                created_at=now,
            )
            for row in rows
        ],
        batch_size=500,
    )


def _with_late(text: str, late: dict[str, str]) -> str:
    for placeholder, value in late.items():
        text = text.replace(placeholder, value)
    return text


@job("mail.deliver", atomic=False)
def deliver(payload: dict[str, Any], *, now: datetime) -> None:
    """Send one queued mail. Its Message-ID stays the same when it is tried again."""
    message = MailMessage.objects.get(pk=payload["mail"])
    if message.state == MailState.SENT:
        return
    late = LATE[message.category](message) if message.category in LATE else {}
    mail = EmailMultiAlternatives(
        subject=message.subject,
        body=_with_late(message.text, late),
        from_email=settings.DEFAULT_FROM_EMAIL,
        to=[message.to],
        headers={"Message-ID": message.message_id},
    )
    if message.html:
        mail.attach_alternative(_with_late(message.html, late), "text/html")
    for stored in message.attachments.order_by("pk"):
        mail.attach(stored.name, stored.read(), stored.content_type)
    mail.send()
    MailMessage.objects.filter(pk=message.pk).update(state=MailState.SENT, sent_at=now)
