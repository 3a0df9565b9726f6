"""One person's data from the page of their seat: handed out or erased, also for who left no mail address (R94).

What the address finds in the other contexts goes along (``kernel.personal``). Attendance, dates, fees, what was
moved and what the schools settle stay, without a name.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from samspil.enrolment import rules
from samspil.enrolment.domain import moves_personal
from samspil.enrolment.domain import personal as by_address
from samspil.enrolment.domain.sign_ups import lock_sign_up
from samspil.enrolment.enums import LIVE
from samspil.enrolment.models import Enrolment, LearnerCpr, SignUp
from samspil.kernel import personal
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict
from samspil.kernel.models import MailMessage


def schools_of(actor: Actor, enrolment: Enrolment) -> list[int]:
    """The actor's schools that are responsible for the person: they took them in, or hold the run."""
    responsible = {
        enrolment.run.organisation_id,
        enrolment.origin_id,
        enrolment.sign_up.school_id,
    }
    return sorted(responsible & rules.schools_of(actor))


def may_keep(actor: Actor, enrolment: Enrolment) -> bool:
    """Coordinators and leaders of a school that is responsible for the person; of a protected one, those who may
    see protected names there (R95)."""
    own = set(schools_of(actor, enrolment))
    if enrolment.learner is not None and enrolment.learner.is_protected:
        own &= rules.protected_schools(actor)
    return bool(own)


def _is_own(sign_up: SignUp) -> bool:
    """Whether who ordered and who comes are the same person."""
    return sign_up.orderer in ("private", "self_employed")


def _rows(enrolment: Enrolment) -> list[Enrolment]:
    """Every seat of the person, here and where they were moved."""
    rows = Enrolment.objects.filter(pk=enrolment.pk)
    if enrolment.learner_id is not None:
        rows = Enrolment.objects.filter(learner=enrolment.learner_id)
    return list(
        rows.select_related("learner", "sign_up__school", "run__course", "run__organisation")
        .prefetch_related("attendance")
        .order_by("pk")
    )


def _orders(rows: list[Enrolment]) -> list[SignUp]:
    """The sign-ups that the person made for themselves."""
    found = {row.sign_up_id: row.sign_up for row in rows if _is_own(row.sign_up)}
    return [found[pk] for pk in sorted(found)]


def _mails(orders: list[SignUp]) -> list[MailMessage]:
    return list(
        MailMessage.objects.filter(
            subject_type=SignUp._meta.label_lower, subject_id__in=[row.pk for row in orders]
        )
        .exclude(text="")
        .order_by("pk")
    )


def what_there_is(actor: Actor, enrolment: Enrolment) -> dict[str, int]:
    """How many records each context has about the person. Writes nothing."""
    return {name: len(records) for name, records in _data(actor, enrolment).items() if records}


def why_kept(enrolment: Enrolment) -> str:
    """Why the person cannot be erased now, as a sentence; empty when they can."""
    rows = _rows(enrolment)
    if any(row.status in LIVE for row in rows):
        return _("Personen har en plads, et tilbud eller en plads i køen. Frameld først.")
    if all(row.learner is None or row.learner.anonymised_at for row in rows) and all(
        row.anonymised_at or not row.contact_name for row in _orders(rows)
    ):
        return _("Der står ingen persondata på pladsen.")
    return ""


def _data(actor: Actor, enrolment: Enrolment) -> dict[str, list[dict[str, Any]]]:
    own = schools_of(actor, enrolment)
    rows = [
        row
        for row in _rows(enrolment)
        if {row.run.organisation_id, row.origin_id, row.sign_up.school_id} & set(own)
    ]
    orders = _orders(rows)
    with_cpr = set(
        LearnerCpr.objects.filter(
            learner__in=[row.learner_id for row in rows if row.learner_id], organisation__in=own
        ).values_list("learner_id", flat=True)
    )
    seats = []
    for row in rows:
        told: dict[str, Any] = {
            "sign_up": row.sign_up_id,
            "course": f"{row.run.course.number} {row.run.course.title}",
            "starts_on": row.run.starts_on.isoformat(),
            "school": row.run.organisation.name,
            "status": row.status,
            "signed_up_at": row.sign_up.created_at.isoformat(),
            "fee_ore": row.fee_ore,
            "attendance": {mark.day.isoformat(): mark.was_there for mark in row.attendance.all()},
        }
        if row.learner is not None:
            told["learner"] = by_address.learner_told(
                row.learner, has_cpr=row.learner_id in with_cpr
            )
        if _is_own(row.sign_up):
            told["contact"] = by_address.contact_told(row.sign_up)
        seats.append(told)
    lines, transfers = moves_personal.of_people([row.pk for row in rows])
    return {
        "enrolment": seats,
        "enrolment.moves": moves_personal.told(lines, transfers),
        "kernel.mail": [
            {
                "sent": mail.created_at.isoformat(),
                "to": mail.to,
                "subject": mail.subject,
                "text": mail.text,
            }
            for mail in _mails(orders)
        ],
    }


@action("enrolment.hand_out_one", permission=may_keep, on="enrolment")
def hand_out_one(*, actor: Actor, now: datetime, enrolment: Enrolment) -> dict[str, Any]:
    """Everything that the actor's schools are responsible for about a person, as plain data (GDPR art. 15)."""
    data = _data(actor, enrolment)
    record(
        enrolment,
        after={"records": sum(len(records) for records in data.values())},
        summary=_("Udleverede en persons data."),
        organisation_id=schools_of(actor, enrolment)[0],
    )
    return {"handed_out_at": now.isoformat(), "enrolment": enrolment.pk, "data": data}


@action("enrolment.erase_one", permission=may_keep, on="enrolment")
def erase_one(*, actor: Actor, now: datetime, enrolment: Enrolment) -> int:
    """Erase a person: their row, what they ordered for themselves, their mails, what was said about them (GDPR art. 17).

    Who ordered for them stays: that is somebody else. Raises ``Conflict`` while a seat is in use, and where nothing
    is left. Returns how many rows were emptied.
    """
    for sign_up in sorted({row.sign_up for row in _rows(enrolment)}, key=lambda row: row.pk):
        lock_sign_up(sign_up)
    if reason := why_kept(enrolment):
        raise Conflict(reason)
    rows = _rows(enrolment)
    own = schools_of(actor, enrolment)
    learners = {row.learner.pk: row.learner for row in rows if row.learner is not None}
    orders = [row.pk for row in _orders(rows)]
    under_way = set(
        Enrolment.objects.filter(sign_up__in=orders, status__in=LIVE).values_list(
            "sign_up_id", flat=True
        )
    )
    moves_personal.empty_for([row.pk for row in rows])
    done = by_address.empty_learners(list(learners), now=now)
    done += by_address.empty_sign_ups(set(orders) - under_way, now=now)
    for email in sorted({learner.email for learner in learners.values() if learner.email}):
        done += personal.erase(email, organisations=own, now=now)
    record(
        enrolment,
        after={"emptied": done},
        summary=_("Slettede personens data. Fremmøde, datoer og gebyrer står uden navn."),
        organisation_id=own[0],
    )
    return done
