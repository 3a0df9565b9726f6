"""Work after commit. Each may come twice and then does nothing more."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from samspil.contracts.runs import RunRescheduled, RunStatusChanged
from samspil.enrolment.domain import capacity, offers, reminders, sign_ups, upkeep
from samspil.enrolment.domain import personal as retention
from samspil.kernel.actor import Actor
from samspil.kernel.outbox import enqueue, job, nightly, receives


@job("enrolment.ask_to_confirm")
def on_signed_up(payload: dict[str, Any], *, now: datetime) -> None:
    """Send the link that confirms a sign-up."""
    found = upkeep.load_sign_up(payload["sign_up"])
    if found is not None:
        upkeep.ask_to_confirm(found, now=now)


@job("enrolment.sign_up_ends")
def on_time_to_confirm_over(payload: dict[str, Any], *, now: datetime) -> None:
    """Give seats free that nobody confirmed."""
    found = upkeep.load_sign_up(payload["sign_up"])
    if found is not None:
        sign_ups.expire_sign_up(
            actor=Actor.system("enrolment.sign_up_ends"), now=now, sign_up=found
        )


@job("enrolment.offer_ends")
def on_offer_over(payload: dict[str, Any], *, now: datetime) -> None:
    """Let a seat go on that nobody answered for."""
    found = offers.load_offer(payload["offer"])
    if found is not None:
        offers.expire_offer(actor=Actor.system("enrolment.offer_ends"), now=now, offer=found)


@job("enrolment.remind_of_offer")
def on_half_the_time_gone(payload: dict[str, Any], *, now: datetime) -> None:
    """Remind somebody, once, who has not answered an offer."""
    found = offers.load_offer(payload["offer"])
    if found is not None:
        reminders.remind_of_offer(
            actor=Actor.system("enrolment.remind_of_offer"), now=now, offer=found
        )


@job("enrolment.fill_run")
def on_seats_free(payload: dict[str, Any], *, now: datetime) -> None:
    """Give a run's free seats to its queue."""
    capacity.fill_run(actor=Actor.system("enrolment.fill_run"), now=now, run_id=payload["run"])


@receives(RunStatusChanged, kind="enrolment.run_cancelled")
def on_run_cancelled(payload: dict[str, Any], *, now: datetime) -> None:
    """Tell everybody on a cancelled run, one sign-up at a time, so that a worker that dies goes on after."""
    if payload["verb"] != "cancel":
        return
    for found in sign_ups.on_cancelled_run(payload["run_id"]):
        sign_ups.end_with_run(
            actor=Actor.system("enrolment.run_cancelled"),
            now=now,
            sign_up=found,
            run_id=payload["run_id"],
        )


@receives(RunRescheduled, kind="enrolment.run_rescheduled")
def on_run_rescheduled(payload: dict[str, Any], *, now: datetime) -> None:
    """Tell everybody on a run that its days or place are others now."""
    for found in sign_ups.people_on(payload["run_id"]):
        sign_ups.tell_of_new_days(
            actor=Actor.system("enrolment.run_rescheduled"),
            now=now,
            sign_up=found,
            run_id=payload["run_id"],
            key=f"{payload['run_id']}.{payload['version']}",
        )


@job("enrolment.fill_queues")
def on_night(payload: dict[str, Any], *, now: datetime) -> None:
    """See every night whether seats have become free without anybody telling."""
    on = date.fromisoformat(payload["on"])
    for run in upkeep.runs_to_fill(on):
        enqueue("enrolment.fill_run", {"run": run}, now=now, key=f"enrolment.fill:{run}:{on}")


nightly("enrolment.fill_queues", hour=5)


@job("enrolment.anonymise")
def on_retention(payload: dict[str, Any], *, now: datetime) -> None:
    """Anonymise people whose time is up, school by school."""
    today = date.fromisoformat(payload["on"])
    for school in retention.due_schools(today):
        retention.anonymise_old(
            actor=Actor.system("enrolment.anonymise"), now=now, organisation_id=school, today=today
        )


@job("enrolment.ask_how_it_was")
def on_course_over(payload: dict[str, Any], *, now: datetime) -> None:
    """Ask those whose course ended yesterday how it was."""
    upkeep.ask_how_it_was(date.fromisoformat(payload["on"]), now=now)


nightly("enrolment.anonymise", hour=3)
nightly("enrolment.ask_how_it_was", hour=8)
