"""What waits for somebody in a round (kernel.tasks)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.db.models import Exists, OuterRef, Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspil.coordination.domain.round_queries import gap_rows
from samspil.coordination.enums import FormStatus, LineState, ProposalStatus, RoundStatus
from samspil.coordination.models import Form, Proposal, ProposalLine, Round, RoundCourse
from samspil.kernel import roles
from samspil.kernel.actor import Actor
from samspil.kernel.tasks import Task, task_source


@task_source("coordination.forms")
def form_tasks(actor: Actor, today: date) -> Iterator[Task]:
    """Schools: the form that is not handed in."""
    schools = actor.organisation_ids(roles.SCHOOL_COORDINATOR, roles.SCHOOL_LEADER)
    forms = (
        Form.objects.filter(
            organisation_id__in=schools,
            status=FormStatus.SENT,
            round__status__in=[RoundStatus.COLLECTING, RoundStatus.MEETING],
        )
        .select_related("round__network", "organisation")
        .order_by("round__forms_due_on", "pk")
    )
    for form in forms:
        yield Task(
            title=_("Indsend skemaet for %(year)s") % {"year": form.round.year},
            url=reverse("coordination:form", args=[form.round_id, form.organisation_id]),
            context=form.round.network.short_name,
            due_on=form.round.forms_due_on,
            detail=form.organisation.name,
        )


@task_source("coordination.rounds")
def round_tasks(actor: Actor, today: date) -> Iterator[Task]:
    """Secretariats: forms to send, schools that owe, gaps to close before the meeting."""
    rounds = (
        Round.objects.filter(network_id__in=actor.network_ids(roles.SECRETARIAT))
        .exclude(status=RoundStatus.CLOSED)
        .select_related("network")
        .order_by("year", "pk")
    )
    for round in rounds:
        url = reverse("coordination:round", args=[round.pk])
        name = round.network.short_name
        if round.status == RoundStatus.DRAFT:
            yield Task(
                title=_("Send skemaerne for %(year)s") % {"year": round.year},
                url=url,
                context=name,
                due_on=round.forms_due_on,
            )
            continue
        owed = round.forms.filter(status=FormStatus.SENT).count()
        if owed and round.status in {RoundStatus.COLLECTING, RoundStatus.MEETING}:
            yield Task(
                title=ngettext(
                    "%(count)s skole mangler at svare", "%(count)s skoler mangler at svare", owed
                )
                % {"count": owed},
                url=f"{url}#skemaer",
                context=name,
                due_on=round.forms_due_on,
            )
        if round.status == RoundStatus.MEETING:
            gaps = gap_rows(RoundCourse.objects.filter(round_fkb__round=round)).count()
            if gaps:
                yield Task(
                    title=ngettext(
                        "%(count)s mål mangler en udbyder",
                        "%(count)s mål mangler en udbyder",
                        gaps,
                    )
                    % {"count": gaps},
                    url=url,
                    context=name,
                    due_on=round.meeting_on,
                )


@task_source("coordination.proposals")
def proposal_tasks(actor: Actor, today: date) -> Iterator[Task]:
    """Secretariats: proposals that are calculated and wait for a decision, and those that failed."""
    proposals = (
        Proposal.objects.filter(
            round__network_id__in=actor.network_ids(roles.SECRETARIAT),
            status__in=[ProposalStatus.READY, ProposalStatus.FAILED],
        )
        .filter(
            Exists(
                ProposalLine.objects.filter(
                    proposal=OuterRef("pk"), state=LineState.OPEN, organisation__isnull=False
                )
            )
            | Q(status=ProposalStatus.FAILED)
        )
        .exclude(round__status=RoundStatus.CLOSED)
        .select_related("round__network", "round_fkb__fkb")
        .defer("problem", "solution")
        .order_by("pk")
    )
    for proposal in proposals:
        failed = proposal.status == ProposalStatus.FAILED
        about = f"FKB {proposal.round_fkb.fkb.number}" if proposal.round_fkb else _("hele runden")
        yield Task(
            title=_("Forslaget kunne ikke beregnes")
            if failed
            else _("Tag stilling til forslaget for %(year)s") % {"year": proposal.round.year},
            url=reverse("coordination:proposal", args=[proposal.pk]),
            context=proposal.round.network.short_name,
            due_on=proposal.round.meeting_on
            if proposal.round.status == RoundStatus.MEETING
            else None,
            detail=about,
        )
