"""Runs that take sign-ups, and sign-ups on them, for tests. Everything is constructed."""

from __future__ import annotations

import itertools
from datetime import datetime, timedelta
from typing import Any

from samspil.catalogue.models import Course
from samspil.enrolment.domain import sign_ups, tokens
from samspil.enrolment.domain.sign_ups import Order
from samspil.enrolment.models import Enrolment, SignUp
from samspil.kernel import clock, roles
from samspil.kernel.actor import Actor
from samspil.network.domain.actors import actor_for
from samspil.network.models import Organisation, Postcode
from samspil.runs.models import CourseRun
from tests.factories.board import make_person

_serial = itertools.count(1)


def make_school(name: str = "Østby") -> Organisation:
    """A school of its own."""
    return Organisation.objects.create(
        key=f"skole-{next(_serial)}", name=name, short_name=name, is_constructed=True
    )


def make_course(days: int = 3) -> Course:
    """A course of ``days`` days."""
    return Course.objects.create(
        number=str(95000 + next(_serial)),
        title="Omsorg for personer med demens",
        duration_days=days,
        is_constructed=True,
    )


def make_open_run(
    school: Organisation, course: Course, *, now: datetime, in_days: int = 60, **values: Any
) -> CourseRun:
    """An announced run that takes sign-ups and begins ``in_days`` days after ``now``."""
    Postcode.objects.get_or_create(
        code="8000", defaults={"city": "Aarhus C", "lat": 56.1567, "lon": 10.2108}
    )
    today = clock.local_date(now)
    starts = today + timedelta(days=in_days)
    return CourseRun.objects.create(
        **{
            "course": course,
            "organisation": school,
            "kviknummer": f"åben-{next(_serial)}",
            "title": course.title,
            "is_own": True,
            "takes_sign_up": True,
            "starts_on": starts,
            "ends_on": starts + timedelta(days=2),
            "duration_days": course.duration_days,
            "postcode": "8000",
            "city": "Aarhus C",
            "capacity": 3,
            "minimum": 2,
            "seen_on": today,
            **values,
        }
    )


def staff_of(school: Organisation, role: str = roles.SCHOOL_COORDINATOR) -> tuple[Any, Actor]:
    """A person of the school, and the actor that it is."""
    person = make_person("Kursussekretær", role, organisation=school)
    return person, actor_for(person, today=clock.today())


def order(count: int = 1, **values: Any) -> Order:
    """An order of a private person, with an address of its own."""
    n = next(_serial)
    return Order(
        **{
            "name": f"Prøve Person {n}",
            "email": f"p{n}@example.test",
            "head_count": count,
            **values,
        }
    )


def sign_up(run: CourseRun, *, now: datetime, confirmed: bool = True, **values: Any) -> SignUp:
    """Somebody signs up by the public page, and opens the link at once."""
    made = sign_ups.sign_up(
        actor=Actor.anonymous(), now=now, run=run, order=order(values.pop("count", 1), **values)
    )
    if confirmed:
        sign_ups.confirm(actor=tokens.holder_of(made), now=now, sign_up=made)
        made.refresh_from_db()
    return made


def statuses(run: CourseRun) -> list[str]:
    """Where everybody on a run stands, in the order they came."""
    return list(Enrolment.objects.filter(run=run).order_by("pk").values_list("status", flat=True))


def used(run: CourseRun) -> int:
    """The run's count of seats in use, as it is stored."""
    return CourseRun.objects.get(pk=run.pk).signed_up_here
