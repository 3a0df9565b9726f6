"""What a school asks of those who sign up, and how long things last there."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date, datetime

from django.utils.translation import gettext as _

from samspil.enrolment import rules
from samspil.enrolment.enums import Orderer
from samspil.enrolment.models import RunTerms, SchoolTerms
from samspil.kernel.actions import action, changes, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Invalid
from samspil.kernel.locking import lock_row
from samspil.network.models import Organisation
from samspil.runs.domain.seats import lock_run
from samspil.runs.models import CourseRun


def terms_of(organisation_id: int) -> SchoolTerms:
    """The school's choices; the usual ones where it has made none. One query, writes nothing."""
    found = SchoolTerms.objects.filter(organisation=organisation_id).order_by("pk").first()
    return found or SchoolTerms(organisation_id=organisation_id)


@dataclass(frozen=True, slots=True)
class Needs:
    """What is asked of people on a run, because a rule needs it: the CPR number to identify them
    (R92), education because the price hangs on it (R71), the tie to Denmark (R84), the employer who may
    have applied for VEU-godtgørelse (R82), the municipality's commitment to pay (R86)."""

    cpr: bool = False
    education: bool = False
    danish_tie: bool = False
    employer: bool = False
    referral: bool = False

    def __bool__(self) -> bool:
        return self.cpr or self.education or self.danish_tie or self.employer or self.referral


def needs_of(run: CourseRun, orderer: str = "") -> Needs:
    """What the run asks: its own choice, or its school's. Two queries.

    ``orderer``: who signed up. Then the employer is asked only of those who signed themselves up, and
    the commitment to pay only of a municipality: the others' rules don't need them.
    """
    school = terms_of(run.organisation_id)
    own = RunTerms.objects.filter(run=run).order_by("pk").first()

    def pick(mine: bool | None, general: bool) -> bool:
        return general if mine is None else mine

    return Needs(
        cpr=pick(own.needs_cpr if own else None, school.needs_cpr),
        education=pick(own.needs_education if own else None, school.needs_education),
        danish_tie=pick(own.needs_danish_tie if own else None, school.needs_danish_tie),
        employer=orderer in ("", Orderer.PRIVATE)
        and pick(own.needs_employer if own else None, school.needs_employer),
        referral=orderer in ("", Orderer.MUNICIPALITY)
        and pick(own.needs_referral if own else None, school.needs_referral),
    )


def charges_on(terms: SchoolTerms, day: date) -> bool:
    """Whether the school's board had decided by ``day`` to charge fees (R75)."""
    decided = terms.board_decided_on
    return terms.charges_fees and decided is not None and decided <= day


@dataclass(frozen=True, slots=True)
class Choices:
    """A school's choices as filled in; see ``SchoolTerms``."""

    charges_fees: bool
    board_decided_on: date | None
    needs_cpr: bool
    needs_education: bool
    needs_danish_tie: bool
    needs_employer: bool
    needs_referral: bool
    confirm_hours: int
    offer_hours: int
    keep_months: int
    welcome: str


@action("enrolment.set_terms", permission=rules.may_set_terms, on="organisation")
def set_terms(
    *,
    actor: Actor,
    now: datetime,
    organisation: Organisation,
    choices: Choices,
    expected_version: int,
) -> SchoolTerms:
    """Save a school's choices. Raises ``Conflict`` when somebody else saved meanwhile, and ``Invalid``
    when fees lack the date on which the board decided (R75)."""
    if choices.charges_fees and choices.board_decided_on is None:
        raise Invalid(
            _("Skriv, hvornår bestyrelsen besluttede at opkræve gebyrer."), "board_decided_on"
        )
    lock_row(Organisation.objects.all(), organisation.pk)
    found = terms_of(organisation.pk)
    if not found._state.adding and found.version != expected_version:
        raise Conflict(_("En kollega har gemt imens. Hent siden igen, før du gemmer."))
    before, after = changes(found, asdict(choices))
    if not after and not found._state.adding:
        return found
    if not found._state.adding:
        found.version += 1
    found.save()
    record(
        found,
        before=before,
        after=after,
        summary=_("Ændrede skolens valg for tilmelding."),
        organisation_id=organisation.pk,
    )
    return found


@action("enrolment.set_run_terms", permission=rules.may_run, on="run")
def set_run_terms(
    *, actor: Actor, now: datetime, run: CourseRun, wanted: dict[str, bool | None]
) -> None:
    """Say what this run asks, where it differs from its school's other runs. ``None`` follows the school."""
    lock_run(run.pk)
    found = RunTerms.objects.filter(run=run).order_by("pk").first() or RunTerms(run=run)
    before, after = changes(found, dict(wanted))
    if not after:
        return
    found.save()
    record(
        run,
        before=before,
        after=after,
        summary=_("Ændrede, hvad holdet spørger om."),
        organisation_id=run.organisation_id,
    )


def run_terms_of(run: CourseRun) -> RunTerms:
    """A run's own choices; all empty where it has made none. Writes nothing."""
    return RunTerms.objects.filter(run=run).order_by("pk").first() or RunTerms(run=run)
