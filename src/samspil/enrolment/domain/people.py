"""What a school must know of a person because a rule needs it, and who looks at it (R71, R82, R84, R86, R92, R95)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from django.db.models import F
from django.utils.translation import gettext as _

from samspil.enrolment import rules
from samspil.enrolment.domain.sign_ups import lock_sign_up
from samspil.enrolment.domain.terms import Needs, needs_of
from samspil.enrolment.enums import LIVE, STAFF_ROLES
from samspil.enrolment.models import Enrolment, Learner, LearnerCpr, ProtectedAccess, SignUp
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Forbidden, Invalid
from samspil.kernel.sealed import seal, unseal
from samspil.network.models import Organisation, Person

PURPOSE: Final = "cpr"


@dataclass(frozen=True, slots=True)
class Employer:
    """Whether somebody takes part with wages, and from whom. ``cvr`` eight digits."""

    is_employed: bool | None
    name: str = ""
    cvr: str = ""
    email: str = ""


@dataclass(frozen=True, slots=True)
class Details:
    """What was filled in. ``None`` leaves what there is."""

    cpr: str | None = None
    education: str | None = None
    danish_tie: bool | None = None
    employer: Employer | None = None
    referral: str | None = None


def masked(cpr: str) -> str:
    """The birthday, and the last four as dots."""
    return f"{cpr[:6]}-••••"


@action("enrolment.give_details", permission=rules.may_handle, on="sign_up")
def give_details(
    *, actor: Actor, now: datetime, sign_up: SignUp, enrolment: Enrolment, details: Details
) -> None:
    """Write what the run's school asks of a person. What it does not ask is not kept.

    Raises ``Invalid`` when the seat has no name yet, ``Conflict`` when the person is withdrawn.
    """
    lock_sign_up(sign_up)
    row = (
        Enrolment.objects.filter(pk=enrolment.pk, sign_up=sign_up)
        .select_related("learner", "run__organisation")
        .order_by("pk")
        .first()
    )
    if row is None or row.status not in LIVE:
        raise Conflict(_("Personen er frameldt."))
    if row.learner is None:
        raise Invalid(_("Skriv først navn på pladsen."))
    needs = needs_of(row.run, sign_up.orderer)
    kept: list[str] = []
    if needs.cpr and details.cpr:
        LearnerCpr.objects.update_or_create(
            learner=row.learner,
            organisation_id=row.run.organisation_id,
            defaults={"sealed": seal(details.cpr, PURPOSE), "given_at": now},
        )
        kept.append("cpr")
    values: dict[str, object] = {}
    if needs.education and details.education is not None:
        values["education"] = details.education
    if needs.danish_tie and details.danish_tie is not None:
        values["has_danish_tie"] = details.danish_tie
    if needs.employer and details.employer is not None:
        paid = details.employer if details.employer.is_employed else Employer(False)
        values |= {
            "is_employed": details.employer.is_employed,
            "employer": paid.name.strip()[:120],
            "employer_cvr": paid.cvr,
            "employer_email": paid.email.strip().lower(),
        }
    if needs.referral and details.referral is not None:
        values["referral"] = details.referral.strip()[:120]
    if values:
        Learner.objects.filter(pk=row.learner.pk).update(**values)
        kept += sorted(values)
    if kept:
        record(
            row,
            after={"given": kept},
            summary=_("Skrev de oplysninger, skolen beder om."),
            organisation_id=row.run.organisation_id,
        )


def missing_of(sign_up: SignUp, rows: list[Enrolment]) -> dict[int, tuple[str, ...]]:
    """What is asked of each person on a sign-up and not given yet, by enrolment: ``cpr``,
    ``education``, ``danish_tie``, ``employer``, ``referral``. Seats without a name miss their name first."""
    needs: dict[int, Needs] = {}
    with_cpr = set(
        Enrolment.objects.filter(
            sign_up=sign_up, learner__cprs__organisation=F("run__organisation")
        ).values_list("pk", flat=True)
    )
    found: dict[int, tuple[str, ...]] = {}
    for row in rows:
        if row.status not in LIVE or row.learner is None:
            continue
        if row.run_id not in needs:
            needs[row.run_id] = needs_of(row.run, sign_up.orderer)
        asked = needs[row.run_id]
        found[row.pk] = tuple(
            name
            for name, lacks in (
                ("cpr", asked.cpr and row.pk not in with_cpr),
                ("education", asked.education and not row.learner.education),
                ("danish_tie", asked.danish_tie and row.learner.has_danish_tie is None),
                ("employer", asked.employer and row.learner.is_employed is None),
                ("referral", asked.referral and not row.learner.referral),
            )
            if lacks
        )
    return found


@action("enrolment.show_cpr", permission=rules.may_note, on="enrolment")
def show_cpr(*, actor: Actor, now: datetime, enrolment: Enrolment, reason: str) -> str:
    """The CPR number of a person on one's own school's run. Who looked, when and why is kept.

    Raises ``Invalid`` without a reason or a number, and ``Forbidden`` for a protected person without
    the right to see one (R95).
    """
    row = Enrolment.objects.select_related("learner", "run").get(pk=enrolment.pk)
    if len(reason.strip()) < 5:
        raise Invalid(_("Skriv, hvad du skal bruge nummeret til."), "reason")
    _may_see(actor, row)
    found = (
        LearnerCpr.objects.filter(learner=row.learner_id, organisation=row.run.organisation_id)
        .order_by("pk")
        .first()
    )
    if found is None:
        raise Invalid(_("Skolen har ikke fået noget CPR-nummer på personen."))
    try:
        cpr = unseal(found.sealed, PURPOSE)
    except ValueError:
        raise Conflict(
            _("Nummeret kan ikke læses, fordi systemets nøgle er skiftet. Bed om det igen.")
        ) from None
    record(
        row,
        summary=_("Så CPR-nummeret: %(reason)s") % {"reason": reason.strip()[:200]},
        organisation_id=row.run.organisation_id,
    )
    return cpr


def _may_see(actor: Actor, row: Enrolment) -> None:
    if row.learner is not None and row.learner.is_protected:
        if row.run.organisation_id not in rules.protected_schools(actor):
            raise Forbidden(
                _("Personens navn og adresse er beskyttet. Lederen kan give ret til at se dem.")
            )


@action("enrolment.give_access", permission=rules.may_give_access, on="organisation")
def give_access(
    *, actor: Actor, now: datetime, organisation: Organisation, person: Person
) -> ProtectedAccess:
    """Let one of the school's people see protected names and addresses (R95)."""
    if not person.role_assignments.filter(organisation=organisation).exists():
        raise Invalid(_("Personen har ingen rolle på skolen."), "person")
    found, new = ProtectedAccess.objects.get_or_create(
        person=person,
        organisation=organisation,
        withdrawn_at=None,
        defaults={"given_at": now, "given_by_label": actor.label[:200]},
    )
    if new:
        record(
            found,
            after={"person": person.pk},
            summary=_("%(name)s må se beskyttede navne og adresser.") % {"name": person.name},
            organisation_id=organisation.pk,
        )
    return found


@action("enrolment.take_access", permission=rules.may_give_access, on="organisation")
def take_access(*, actor: Actor, now: datetime, organisation: Organisation, person: Person) -> None:
    """Take the right to see protected names and addresses back."""
    for found in ProtectedAccess.objects.filter(
        person=person, organisation=organisation, withdrawn_at=None
    ).order_by("pk"):
        ProtectedAccess.objects.filter(pk=found.pk).update(withdrawn_at=now)
        record(
            found,
            before={"person": person.pk},
            summary=_("%(name)s må ikke længere se beskyttede navne og adresser.")
            % {"name": person.name},
            organisation_id=organisation.pk,
        )


def people_with_access(organisation: Organisation) -> list[tuple[Person, bool]]:
    """The school's coordinators and leaders, and whether each may see protected names."""
    with_right = set(
        ProtectedAccess.objects.filter(organisation=organisation, withdrawn_at=None).values_list(
            "person_id", flat=True
        )
    )
    people = (
        Person.objects.filter(
            role_assignments__organisation=organisation,
            role_assignments__role__in=STAFF_ROLES,
            is_active=True,
        )
        .distinct()
        .order_by("name", "pk")
    )
    return [(person, person.pk in with_right) for person in people]
