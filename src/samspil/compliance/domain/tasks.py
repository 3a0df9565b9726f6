"""What waits for somebody because an agreement isn't kept (kernel.tasks)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.db.models import Count
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspil.compliance.models import FollowUp
from samspil.kernel import roles
from samspil.kernel.actor import Actor
from samspil.kernel.tasks import Task, task_source


@task_source("compliance.follow_up")
def follow_up_tasks(actor: Actor, today: date) -> Iterator[Task]:
    """Schools: what of their agreements isn't announced as it should be; secretariats: how many."""
    schools = actor.organisation_ids(roles.SCHOOL_COORDINATOR, roles.SCHOOL_LEADER)
    open_ones = FollowUp.objects.to_act_on().filter(round__year__gte=today.year)
    for round_id, year, network, school_id, school, count in (
        open_ones.inside()
        .filter(organisation_id__in=schools)
        .order_by("round_id", "organisation_id")
        .values_list(
            "round_id",
            "round__year",
            "round__network__short_name",
            "organisation_id",
            "organisation__name",
        )
        .annotate(count=Count("pk"))
    ):
        url = reverse("compliance:school", args=[round_id, school_id])
        yield Task(
            title=ngettext(
                "%(count)s aftale for %(year)s er ikke annonceret som aftalt",
                "%(count)s aftaler for %(year)s er ikke annonceret som aftalt",
                count,
            )
            % {"count": count, "year": year},
            url=f"{url}?vis=act",
            context=network,
            detail=school,
        )
    for round_id, year, network, count in (
        open_ones.filter(round__network_id__in=actor.network_ids(roles.SECRETARIAT))
        .order_by("round_id")
        .values_list("round_id", "round__year", "round__network__short_name")
        .annotate(count=Count("pk"))
    ):
        yield Task(
            title=ngettext(
                "%(count)s aftale for %(year)s holdes ikke, som den skal",
                "%(count)s aftaler for %(year)s holdes ikke, som de skal",
                count,
            )
            % {"count": count, "year": year},
            url=reverse("compliance:round", args=[round_id]),
            context=network,
            detail=_("Se, hvilke skoler det er"),
        )
