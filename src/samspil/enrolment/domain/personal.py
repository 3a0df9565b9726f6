"""One person's data handed out and erased, and everybody's anonymised when their time is up (R94)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspil.enrolment import rules
from samspil.enrolment.domain import moves_personal
from samspil.enrolment.domain.sign_ups import lock_sign_up
from samspil.enrolment.domain.terms import terms_of
from samspil.enrolment.enums import LIVE
from samspil.enrolment.models import Enrolment, Flexibility, Learner, LearnerCpr, SignUp
from samspil.kernel import personal
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.models import MailMessage
from samspil.kernel.personal import Found
from samspil.network.models import Organisation


def _of_schools(organisations: Collection[int]) -> Q:
    own = list(organisations)
    return Q(sign_up__school__in=own) | Q(run__organisation__in=own) | Q(origin__in=own)


def contact_told(sign_up: SignUp) -> dict[str, Any]:
    """Who ordered, as it is handed out."""
    return {
        "name": sign_up.contact_name,
        "email": sign_up.contact_email,
        "phone": sign_up.contact_phone,
        "company": sign_up.company_name,
        "cvr": sign_up.cvr,
        "postcode": sign_up.postcode,
        "note": sign_up.note,
    }


def learner_told(learner: Learner, *, has_cpr: bool) -> dict[str, Any]:
    """A person, as it is handed out. The CPR number itself is not: the person knows it."""
    return {
        "name": learner.name,
        "email": learner.email,
        "phone": learner.phone,
        "postcode": learner.postcode,
        "education": learner.education,
        "has_danish_tie": learner.has_danish_tie,
        "is_employed": learner.is_employed,
        "employer": learner.employer,
        "employer_cvr": learner.employer_cvr,
        "employer_email": learner.employer_email,
        "referral": learner.referral,
        "is_protected": learner.is_protected,
        "has_cpr": has_cpr,
    }


class EnrolmentData:
    """Sign-ups and people with an address, at the schools that are responsible for them."""

    def _rows(self, email: str, organisations: Collection[int]) -> list[Enrolment]:
        return list(
            Enrolment.objects.filter(_of_schools(organisations))
            .filter(Q(learner__email__iexact=email) | Q(sign_up__contact_email__iexact=email))
            .select_related("learner", "sign_up__school", "run__course", "run__organisation")
            .prefetch_related("attendance")
            .order_by("pk")
        )

    def find(self, email: str, *, organisations: Collection[int]) -> Found:
        """A record per seat; somebody else's name is left out. Rows still under way are not erased."""
        rows = self._rows(email, organisations)
        with_cpr = set(
            LearnerCpr.objects.filter(
                learner__in=[row.learner_id for row in rows], organisation__in=list(organisations)
            ).values_list("learner_id", flat=True)
        )
        live = sum(row.status in LIVE for row in rows)
        kept = (
            (
                ngettext(
                    "%(n)s plads er i brug endnu. Frameld den først.",
                    "%(n)s pladser er i brug endnu. Frameld dem først.",
                    live,
                )
                % {"n": live},
            )
            if live
            else ()
        )
        return Found(
            "enrolment",
            tuple(self._told(row, email, row.learner_id in with_cpr) for row in rows),
            kept,
        )

    def _told(self, row: Enrolment, email: str, has_cpr: bool) -> dict[str, Any]:
        sign_up, learner = row.sign_up, row.learner
        told: dict[str, Any] = {
            "sign_up": sign_up.pk,
            "course": f"{row.run.course.number} {row.run.course.title}",
            "starts_on": row.run.starts_on.isoformat(),
            "school": row.run.organisation.name,
            "status": row.status,
            "signed_up_at": sign_up.created_at.isoformat(),
            "fee_ore": row.fee_ore,
            "attendance": {mark.day.isoformat(): mark.was_there for mark in row.attendance.all()},
        }
        if sign_up.contact_email.lower() == email.lower():
            told["contact"] = contact_told(sign_up)
        if learner is not None and learner.email.lower() == email.lower():
            told["learner"] = learner_told(learner, has_cpr=has_cpr)
        return told

    def erase(self, email: str, *, organisations: Collection[int], now: datetime) -> int:
        """Empty the person's rows where nothing is under way; numbers and fees stay without a name."""
        rows = self._rows(email, organisations)
        live = {row.sign_up_id for row in rows if row.status in LIVE}
        # a place at another school that the person was moved to counts too
        busy = set(
            Enrolment.objects.filter(
                learner__in=[row.learner_id for row in rows if row.learner_id], status__in=LIVE
            ).values_list("learner_id", flat=True)
        )
        done = 0
        for row in rows:
            learner = row.learner
            if learner is None or learner.email.lower() != email.lower():
                continue
            if learner.pk not in busy and learner.anonymised_at is None:
                done += empty_learners([learner.pk], now=now)
        orders = {
            row.sign_up_id
            for row in rows
            if row.sign_up.contact_email.lower() == email.lower() and row.sign_up_id not in live
        }
        under_way = set(
            Enrolment.objects.filter(sign_up__in=orders, status__in=LIVE).values_list(
                "sign_up_id", flat=True
            )
        )
        return done + empty_sign_ups(orders - under_way, now=now)


def empty_learners(pks: Collection[int], *, now: datetime) -> int:
    """People lose all that says who they are, their CPR numbers too. Returns how many rows were emptied."""
    LearnerCpr.objects.filter(learner__in=pks).delete()
    return Learner.objects.filter(pk__in=pks, anonymised_at=None).update(
        name="", email="", phone="", postcode="", education="", has_danish_tie=None,
        is_employed=None, employer="", employer_cvr="", employer_email="", referral="",
        is_protected=False, anonymised_at=now,
    )  # fmt: skip


def empty_sign_ups(pks: Collection[int], *, now: datetime) -> int:
    """The orders lose who ordered, their link, their mails; who has signed himself up, his own row too."""
    rows = list(SignUp.objects.filter(pk__in=pks, anonymised_at=None).order_by("pk"))
    own = [row.pk for row in rows if row.orderer in ("private", "self_employed")]
    emptied = empty_learners(
        list(
            Enrolment.objects.filter(sign_up__in=own, learner__isnull=False).values_list(
                "learner_id", flat=True
            )
        ),
        now=now,
    )
    Flexibility.objects.filter(sign_up__in=pks).delete()
    moves_personal.empty(pks)
    MailMessage.objects.filter(
        subject_type=SignUp._meta.label_lower, subject_id__in=[row.pk for row in rows]
    ).update(to="slettet@example.invalid", subject="", text="", html="")
    return emptied + SignUp.objects.filter(pk__in=[row.pk for row in rows]).update(
        contact_name="", contact_email="", contact_phone="", company_name="", cvr="",
        postcode="", note="", entered_by_label="", anonymised_at=now,
    )  # fmt: skip


personal.register("enrolment", EnrolmentData())


@action("enrolment.hand_out", permission=rules.may_set_terms, on="organisation")
def hand_out(
    *, actor: Actor, now: datetime, organisation: Organisation, email: str
) -> dict[str, Any]:
    """Everything that the school is responsible for about an address, as plain data (GDPR art. 15).

    That it was handed out stands in the school's history, without the address.
    """
    found = personal.find(email, organisations={organisation.pk})
    record(
        organisation,
        after={"records": sum(len(item.records) for item in found)},
        summary=_("Udleverede en persons data."),
        organisation_id=organisation.pk,
    )
    return {
        "school": organisation.name,
        "handed_out_at": now.isoformat(),
        "email": email,
        "data": {item.source: list(item.records) for item in found},
    }


@action("enrolment.erase_person", permission=rules.may_set_terms, on="organisation")
def erase_person(
    *, actor: Actor, now: datetime, organisation: Organisation, email: str
) -> tuple[int, list[str]]:
    """Erase what the school has about an address, in every context (GDPR art. 17).

    Returns how many rows were emptied, and why something stays.
    """
    found = personal.find(email, organisations={organisation.pk})
    for sign_up in SignUp.objects.filter(contact_email__iexact=email, school=organisation).order_by(
        "pk"
    ):
        lock_sign_up(sign_up)
    done = personal.erase(email, organisations={organisation.pk}, now=now)
    record(
        organisation,
        after={"emptied": done},
        summary=ngettext(
            "Slettede en persons data: %(n)s række.",
            "Slettede en persons data: %(n)s rækker.",
            done,
        )
        % {"n": done},
        organisation_id=organisation.pk,
    )
    return done, [sentence for item in found for sentence in item.kept]


def what_there_is(
    organisation: Organisation, email: str
) -> tuple[list[tuple[str, int]], list[str]]:
    """How many records each context has about an address at a school, and why some stay. Writes nothing."""
    found = personal.find(email, organisations={organisation.pk})
    return (
        [(item.source, len(item.records)) for item in found],
        [sentence for item in found for sentence in item.kept],
    )


def _worker_only(actor: Actor, _obj: object = None) -> bool:
    return actor.is_system


def due_schools(today: date) -> list[int]:
    """Schools with sign-ups on runs that are over and whose people are still known."""
    return list(
        SignUp.objects.filter(anonymised_at=None, run__ends_on__lt=today)
        .order_by("run__organisation_id")
        .values_list("run__organisation_id", flat=True)
        .distinct()
    )


def months_before(day: date, months: int) -> date:
    """The same day so many months earlier, or the last of that month."""
    total = day.year * 12 + day.month - 1 - months
    year, month = divmod(total, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, last)
        except ValueError:
            continue
    raise AssertionError


@action("enrolment.anonymise_old", permission=_worker_only)
def anonymise_old(*, actor: Actor, now: datetime, organisation_id: int, today: date) -> int:
    """Empty the people of a school's runs that ended more than its ``keep_months`` ago, and of sign-ups
    that were never confirmed. Numbers, dates, states and fees stay. Returns how many rows."""
    limit = months_before(today, terms_of(organisation_id).keep_months)
    orders = SignUp.objects.filter(anonymised_at=None, run__organisation=organisation_id).exclude(
        enrolments__run__ends_on__gte=limit
    )
    pks = list(orders.filter(run__ends_on__lt=limit).order_by("pk").values_list("pk", flat=True))
    if not pks:
        return 0
    learners = list(
        Enrolment.objects.filter(sign_up__in=pks, learner__isnull=False).values_list(
            "learner_id", flat=True
        )
    )
    done = empty_learners(learners, now=now) + empty_sign_ups(pks, now=now)
    organisation = Organisation.objects.get(pk=organisation_id)
    record(
        organisation,
        after={"sign_ups": len(pks), "rows": done, "ended_before": limit},
        summary=_("Slettede personer fra hold, der sluttede før %(day)s.")
        % {"day": f"{limit:%d-%m-%Y}"},
        organisation_id=organisation_id,
    )
    return done
