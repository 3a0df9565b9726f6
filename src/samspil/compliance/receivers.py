"""What the worker does about agreements: checks them by night, and whenever runs have come in."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from samspil.compliance.domain.checking import check_round, rounds_to_check
from samspil.contracts.runs import RunsHarvested
from samspil.coordination.models import Round
from samspil.kernel import clock
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict
from samspil.kernel.outbox import enqueue, job, nightly, receives

SYSTEM: Final = Actor.system("compliance")

nightly("compliance.check_all", hour=5)


@job("compliance.check_all")
def check_all(payload: dict[str, Any], *, now: datetime) -> None:
    """Have every round of the year checked, each as a job of its own."""
    for round in rounds_to_check(clock.local_date(now)):
        enqueue("compliance.check_round", {"round": round.pk}, now=now)


@receives(RunsHarvested, kind="compliance.runs_harvested")
def runs_harvested(payload: dict[str, Any], *, now: datetime) -> None:
    """Check the rounds of the year by what has just come in."""
    check_all(payload, now=now)


@job("compliance.check_round")
def check(payload: dict[str, Any], *, now: datetime) -> None:
    """Check one round; done twice it changes nothing more."""
    round = Round.objects.filter(pk=payload["round"]).first()
    if round is None:
        return
    try:
        check_round(actor=SYSTEM, now=now, round=round)
    except Conflict:
        return  # its only overview was opened again meanwhile
