"""Statements per pair of schools and quarter: drawn up, approved by both, closed."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from samspil.kernel import roles
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.audit import canonical
from samspil.kernel.errors import Conflict, Forbidden, NotFound
from samspil.kernel.locking import lock_row
from samspil.kernel.mail import Notification, send
from samspil.kernel.models import StoredFile
from samspil.kernel.outbox import enqueue, job
from samspil.kernel.transitions import transition
from samspil.network.domain.recipients import school_people
from samspil.network.models import Organisation
from samspil.settlement import notifications, rules
from samspil.settlement.domain.sums import sums_of_lines
from samspil.settlement.enums import STATEMENT_TRANSITIONS, StatementStatus
from samspil.settlement.models import Approval, Entry, Statement

APPROVE_WITHIN = timedelta(days=14)
VERSION = 1
"""Of the frozen content's shape."""


def title_of(statement: Statement) -> str:
    """'3. kvartal 2026'."""
    return _("%(quarter)s. kvartal %(year)s") % {
        "quarter": statement.quarter,
        "year": statement.year,
    }


def url_of(statement: Statement) -> str:
    """The address of a statement, for mails."""
    return str(settings.BASE_URL) + reverse("settlement:statement", args=[statement.pk])


def content_of(statement: Statement) -> dict[str, Any]:
    """The statement as plain data, as it is frozen, printed and exported. Reads, writes nothing."""
    lines = [_line(entry) for entry in entries_of(statement)]
    schools = {
        key: {
            "id": school.pk,
            "key": school.key,
            "name": school.name,
            "number": school.institution_number,
        }
        for key, school in (("first", statement.first), ("second", statement.second))
    }
    return {
        "version": VERSION,
        "statement": statement.pk,
        "network": statement.network.name,
        "constructed": is_constructed(statement),
        "year": statement.year,
        "quarter": statement.quarter,
        **schools,
        "lines": lines,
        "sums": sums_of_lines(lines, statement.first_id),
    }


def is_constructed(statement: Statement) -> bool:
    """Whether it is made up: its network is, or a course it settles."""
    return (
        statement.network.is_constructed
        or statement.entries.filter(transfer__course__is_constructed=True).exists()
    )


def entries_of(statement: Statement) -> list[Entry]:
    """The entries in order, with all that a line shows."""
    return list(
        statement.entries.select_related("transfer__course", "transfer__origin", "transfer__holder")
        .prefetch_related("postings")
        .order_by("pk")
    )


def _line(entry: Entry) -> dict[str, Any]:
    transfer = entry.transfer
    return {
        "entry": entry.pk,
        "at": entry.at.date().isoformat(),
        "kind": entry.kind,
        "reason": entry.reason,
        "transfer": transfer.pk,
        "reference": transfer.reference,
        "course": transfer.course.number,
        "title": transfer.course.title,
        "run": transfer.run,
        "starts_on": transfer.starts_on.isoformat(),
        "ends_on": transfer.ends_on.isoformat(),
        "origin": transfer.origin_id,
        "holder": transfer.holder_id,
        "heads": entry.heads,
        "days_tenths": entry.days_tenths,
        "postings": [
            {
                "account": p.account,
                "giver": p.giver_id,
                "receiver": p.receiver_id,
                "oere": p.oere,
            }
            for p in sorted(entry.postings.all(), key=lambda p: p.pk)
        ],
    }


def tell(
    kind: type[Notification],
    statement: Statement,
    organisation: Organisation,
    *,
    now: datetime,
    leaders: bool = True,
    text: str = "",
    attachments: tuple[StoredFile, ...] = (),
) -> int:
    """Mail a school's leaders, or its coordinators, about a statement. Returns how many."""
    people = school_people(organisation, on=now.date(), leaders=leaders)
    other = statement.second if organisation.pk == statement.first_id else statement.first
    for person in people:
        send(
            kind(
                statement=statement,
                person=person,
                other=other,
                title=title_of(statement),
                text=text,
                url=url_of(statement),
            ),
            to=person.email,
            now=now,
            subject_of=statement,
            network_id=statement.network_id,
            organisation_id=organisation.pk,
            language=person.language,
            attachments=attachments,
        )
    return len(people)


def locked(pk: int) -> Statement:
    """A statement with its schools, locked."""
    lock_row(Statement.objects.all(), pk)
    return Statement.objects.select_related("network", "first", "second", "pdf").get(pk=pk)


# ---------------------------------------------------------------- drawn up


@action("settlement.draw_up_statement", permission=rules.may_draw_up, on="statement")
def draw_up_statement(*, actor: Actor, now: datetime, statement: Statement) -> Statement:
    """Freeze the quarter's entries and ask both schools to approve. Later entries go into a later quarter.

    Raises ``Conflict`` while the quarter goes on. Nothing happens when it is drawn up already.
    """
    statement = locked(statement.pk)
    if statement.status != StatementStatus.OPEN:
        return statement
    if now.date() <= statement.ends_on:
        raise Conflict(_("Kvartalet er ikke slut endnu."))
    statement.content = content_of(statement)
    statement.sha256 = hashlib.sha256(canonical(statement.content).encode()).hexdigest()
    statement.drawn_up_at = now
    statement.save(update_fields=["content", "sha256", "drawn_up_at"])
    transition(statement, "draw_up", table=STATEMENT_TRANSITIONS, actor=actor, now=now)
    record(
        statement,
        after={"sha256": statement.sha256, "sums": statement.content["sums"]},
        summary=_("Opgørelsen for %(title)s er lavet og sendt til godkendelse")
        % {"title": title_of(statement)},
        network_id=statement.network_id,
    )
    for school in (statement.first, statement.second):
        tell(notifications.StatementReady, statement, school, now=now)
    enqueue(
        "settlement.remind",
        {"statement": statement.pk},
        now=now,
        run_at=now + APPROVE_WITHIN,
        key=f"settlement.remind:{statement.pk}:1",
    )
    return statement


@job("settlement.draw_up")
def draw_up(payload: dict[str, Any], *, now: datetime) -> None:
    """The quarter is over and the schools have reported; done twice it changes nothing."""
    draw_up_statement(
        actor=Actor.system("settlement.draw_up"),
        now=now,
        statement=Statement.objects.get(pk=payload["statement"]),
    )


@action("settlement.remind_approvers", permission=rules.only_the_system, on="statement")
def remind_approvers(*, actor: Actor, now: datetime, statement: Statement) -> int:
    """Remind the schools that have not approved; again after a fortnight. Returns how many mails went out."""
    statement = locked(statement.pk)
    if statement.status != StatementStatus.PENDING:
        return 0
    done = set(statement.approvals.order_by("pk").values_list("organisation_id", flat=True))
    mails = sum(
        tell(notifications.StatementReminder, statement, school, now=now)
        for school in (statement.first, statement.second)
        if school.pk not in done
    )
    enqueue(
        "settlement.remind",
        {"statement": statement.pk},
        now=now,
        run_at=now + APPROVE_WITHIN,
        key=f"settlement.remind:{statement.pk}:{now.date().isoformat()}",
    )
    record(
        statement,
        after={"mails": mails},
        summary=_("Skolerne er mindet om at godkende"),
        network_id=statement.network_id,
    )
    return mails


@job("settlement.remind")
def remind(payload: dict[str, Any], *, now: datetime) -> None:
    """A fortnight has passed."""
    remind_approvers(
        actor=Actor.system("settlement.remind"),
        now=now,
        statement=Statement.objects.get(pk=payload["statement"]),
    )


# ---------------------------------------------------------------- approved


@action("settlement.approve_statement", permission=rules.may_approve, on="statement")
def approve_statement(
    *,
    actor: Actor,
    now: datetime,
    statement: Statement,
    organisation_id: int,
    sha256: str,
    person_name: str = "",
) -> Statement:
    """Approve for a school what was read (``sha256``). The second school's approval closes the statement.

    Raises ``Forbidden`` for a school one does not lead, ``Conflict`` when there is a dispute or the page was
    an older one. Nothing happens when the school has approved already.
    """
    if not actor.has(roles.SCHOOL_LEADER, organisation_id=organisation_id):
        raise Forbidden(_("Kun skolens leder kan godkende for den."))
    statement = locked(statement.pk)
    if organisation_id not in (statement.first_id, statement.second_id):
        raise NotFound(_("Skolen er ikke part i opgørelsen."))
    if statement.approvals.filter(organisation=organisation_id).exists():
        return statement
    if statement.status == StatementStatus.DISPUTED:
        raise Conflict(_("Der er en indsigelse. Opgørelsen kan godkendes, når den er afsluttet."))
    if statement.status != StatementStatus.PENDING or sha256 != statement.sha256:
        raise Conflict(_("Opgørelsen er en anden end den, du så. Hent siden igen."))
    Approval.objects.create(
        statement=statement,
        organisation_id=organisation_id,
        sha256=sha256,
        person_name=(person_name or actor.label.split(" <")[0])[:120],
        at=now,
    )
    is_closed = statement.approvals.count() == 2
    if is_closed:
        transition(statement, "close", table=STATEMENT_TRANSITIONS, actor=actor, now=now)
        statement.closed_at = now
        statement.save(update_fields=["closed_at"])
        enqueue(
            "settlement.closed",
            {"statement": statement.pk},
            now=now,
            key=f"settlement.closed:{statement.pk}",
        )
    record(
        statement,
        after={"organisation": organisation_id, "sha256": sha256, "closed": is_closed},
        summary=_("Opgørelsen for %(title)s er godkendt af begge skoler")
        % {"title": title_of(statement)}
        if is_closed
        else _("Opgørelsen for %(title)s er godkendt af den ene skole")
        % {"title": title_of(statement)},
        network_id=statement.network_id,
        organisation_id=organisation_id,
    )
    return statement


@action("settlement.keep_pdf", permission=rules.only_the_system, on="statement")
def keep_pdf(*, actor: Actor, now: datetime, statement: Statement, pdf: StoredFile) -> None:
    """Keep the closed statement's PDF and send it to both schools. Done twice it changes nothing."""
    statement = locked(statement.pk)
    if statement.pdf_id is not None:
        return
    statement.pdf = pdf
    statement.save(update_fields=["pdf"])
    for school in (statement.first, statement.second):
        tell(notifications.StatementClosed, statement, school, now=now, attachments=(pdf,))
    record(
        statement,
        after={"pdf": pdf.sha256},
        summary=_("Den godkendte opgørelse er sendt til begge skoler"),
        network_id=statement.network_id,
    )
