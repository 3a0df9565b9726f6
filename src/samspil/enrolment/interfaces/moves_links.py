"""Tells the pages about runs where people on small runs are asked to move."""

from __future__ import annotations

from datetime import date

from django.urls import reverse

from samspil.enrolment.domain import moves_queries
from samspil.kernel.actor import Actor
from samspil.runs.interfaces.run_page import Pooling, offers_pooling


def _may(actor: Actor) -> bool:
    return bool(moves_queries.networks_to_propose_in(actor))


def _of_week(monday: date) -> str:
    return f"{reverse('enrolment:propose_many')}?hvad=decided:{monday.isoformat()}"


def _of_course(number: str) -> str:
    return reverse("enrolment:propose", args=[number])


offers_pooling(Pooling(_may, _of_week, _of_course))
