"""What the worker does for runs."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any, Final

from django.conf import settings

from samspil.kernel import clock
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict
from samspil.kernel.outbox import enqueue, job, nightly
from samspil.runs.domain import harvest as harvests
from samspil.runs.interfaces.harvest_client import SearchClient
from samspil.runs.models import Harvest

logger = logging.getLogger(__name__)
SYSTEM: Final = Actor.system("harvest")
_SIGN_OF_LIFE: Final = timedelta(seconds=30)

nightly("runs.harvest_nightly", hour=3)


@job("runs.harvest_nightly")
def harvest_nightly(payload: dict[str, Any], *, now: datetime) -> None:
    """Ask for the night's harvest; nothing without an address, or while one goes on."""
    if not settings.SAMSPIL_HARVEST_URL:
        return
    try:
        harvests.request_harvest(actor=SYSTEM, now=now, attempt=int(payload.get("attempt", 1)))
    except Conflict:
        logger.info("runs are being fetched already")


@job("runs.harvest", atomic=False)
def harvest(payload: dict[str, Any], *, now: datetime) -> None:
    """Fetch announced runs, a little at a time so that mail needn't wait, and take them in when all
    are there. What goes wrong is written down, not tried here again."""
    pk = int(payload["harvest"])
    try:
        begun = harvests.begin_harvest(actor=SYSTEM, now=now, harvest_id=pk)
    except Conflict:
        if until := harvests.is_at_it(pk, now=now):  # it may have died: look again then
            again = until + timedelta(minutes=1)
            enqueue("runs.harvest", payload, now=now, run_at=again)
        return
    try:
        client = SearchClient(
            settings.SAMSPIL_HARVEST_URL, harvests.KnownPages(begun.asked_at), alive=_alive(begun)
        )
        today = clock.local_date(now)
        answer = client.fetch(harvests.courses_to_follow(today), today=today)
        harvests.take_in_harvest(actor=SYSTEM, now=clock.now(), harvest=begun, answer=answer)
    except harvests.Pause:
        harvests.rest(begun, now=clock.now())
        enqueue("runs.harvest", payload, now=clock.now())
    except harvests.Trouble as trouble:
        logger.warning("harvest %s: %s", pk, trouble.problem["code"])
        harvests.fail_harvest(actor=SYSTEM, now=clock.now(), harvest=begun, trouble=trouble)
    except Exception:
        fault = harvests.Trouble("fault")
        harvests.fail_harvest(actor=SYSTEM, now=clock.now(), harvest=begun, trouble=fault)
        raise


def _alive(begun: Harvest) -> Callable[[], None]:
    """A sign of life now and then, so that no other worker takes over."""
    last = [clock.now()]

    def alive() -> None:
        if clock.now() - last[0] > _SIGN_OF_LIFE:
            last[0] = clock.now()
            harvests.stay_alive(begun, now=last[0])

    return alive
