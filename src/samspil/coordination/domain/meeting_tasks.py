"""What was promised at a meeting and waits for somebody (kernel.tasks)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from django.db.models import Q
from django.urls import reverse

from samspil.coordination.models import MeetingTask
from samspil.kernel import roles
from samspil.kernel.actor import Actor
from samspil.kernel.tasks import Task, task_source


@task_source("coordination.meeting")
def meeting_tasks(actor: Actor, today: date) -> Iterator[Task]:
    """What was promised at a meeting that is over: the school's own tasks, the secretariat's."""
    schools = actor.organisation_ids(roles.SCHOOL_COORDINATOR, roles.SCHOOL_LEADER)
    networks = actor.network_ids(roles.SECRETARIAT)
    tasks = (
        MeetingTask.objects.filter(
            Q(organisation_id__in=schools)
            | Q(
                organisation__successor_id__in=schools
            )  # merged since: the successor answers for it
            | Q(organisation__isnull=True, meeting__round__network_id__in=networks),
            meeting__ended_at__isnull=False,
            done_at__isnull=True,
            settled_by__isnull=True,
        )
        .exclude(decision__undone_at__isnull=False)
        .select_related("meeting__round__network", "decision__round_course__course")
        .order_by("due_on", "pk")
    )
    for task in tasks:
        about = task.decision.round_course.course if task.decision else None
        yield Task(
            title=task.text,
            url=reverse("coordination:minutes", args=[task.meeting.round_id, task.meeting.number])
            + f"#opgave-{task.pk}",
            context=task.meeting.round.network.short_name,
            due_on=task.due_on,
            detail=f"{about.number} {about.title}" if about else "",
        )
