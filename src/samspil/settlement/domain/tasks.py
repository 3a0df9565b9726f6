"""What waits for somebody in the settlement (kernel.tasks)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspil.kernel import roles
from samspil.kernel.actor import Actor
from samspil.kernel.tasks import Task, task_source
from samspil.settlement.domain.rates import missing_rates
from samspil.settlement.domain.statements import APPROVE_WITHIN, title_of
from samspil.settlement.enums import DisputeStatus, StatementStatus
from samspil.settlement.models import Dispute, Statement


@task_source("settlement.statements")
def statement_tasks(actor: Actor, today: date) -> Iterator[Task]:
    """Leaders: statements that their school has not approved."""
    own = actor.organisation_ids(roles.SCHOOL_LEADER)
    if not own:
        return
    waiting = (
        Statement.objects.visible_to(actor)
        .filter(status=StatementStatus.PENDING)
        .select_related("network", "first", "second")
        .prefetch_related("approvals")
        .defer("content")
        .order_by("drawn_up_at", "pk")
    )
    for statement in waiting:
        done = {row.organisation_id for row in statement.approvals.all()}
        for school in (statement.first, statement.second):
            if school.pk not in own or school.pk in done:
                continue
            other = statement.second if school.pk == statement.first_id else statement.first
            yield Task(
                title=_("Godkend opgørelsen med %(school)s for %(title)s")
                % {"school": other.label, "title": title_of(statement)},
                url=reverse("settlement:statement", args=[statement.pk]),
                context=statement.network.short_name,
                due_on=(statement.drawn_up_at + APPROVE_WITHIN).date()
                if statement.drawn_up_at
                else None,
                detail=school.label,
            )


@task_source("settlement.disputes")
def dispute_tasks(actor: Actor, today: date) -> Iterator[Task]:
    """Staff: disputes that wait for their school's answer."""
    own = actor.organisation_ids(roles.SCHOOL_COORDINATOR, roles.SCHOOL_LEADER)
    if not own:
        return
    disputes = (
        Dispute.objects.filter(statement__in=Statement.objects.visible_to(actor))
        .exclude(status=DisputeStatus.SETTLED)
        .select_related("statement__network", "statement__first", "statement__second")
        .order_by("pk")
    )
    for dispute in disputes:
        statement = dispute.statement
        turn = (
            statement.other(dispute.organisation_id)
            if dispute.status == DisputeStatus.OPEN
            else dispute.organisation_id
        )
        if turn in own:
            yield Task(
                title=_("Svar på indsigelsen om bilag %(entry)s") % {"entry": dispute.entry_id},
                url=reverse("settlement:dispute", args=[dispute.pk]),
                context=statement.network.short_name,
                detail=title_of(statement),
            )


@task_source("settlement.rates")
def rate_tasks(actor: Actor, today: date) -> Iterator[Task]:
    """Secretariats: courses with transfers that no rate is known for."""
    if not actor.has(roles.SECRETARIAT):
        return
    count = len(missing_rates())
    if count:
        yield Task(
            title=ngettext(
                "%(count)s mål med overførsler mangler en takst",
                "%(count)s mål med overførsler mangler en takst",
                count,
            )
            % {"count": count},
            url=reverse("settlement:rates"),
            context=_("Afregning"),
        )
