"""What a school asks of those who sign up, and how long things last there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from samspil.enrolment.models import RunTerms, SchoolTerms
from samspil.runs.models import CourseRun


def terms_of(organisation_id: int) -> SchoolTerms:
    """The school's choices; the usual ones where it has made none. One query, writes nothing."""
    found = SchoolTerms.objects.filter(organisation=organisation_id).order_by("pk").first()
    return found or SchoolTerms(organisation_id=organisation_id)


@dataclass(frozen=True, slots=True)
class Needs:
    """What is asked of people on a run, because a rule needs it: the CPR number to identify them
    (R92), education because the price hangs on it (R71), the tie to Denmark (R84)."""

    cpr: bool = False
    education: bool = False
    danish_tie: bool = False

    def __bool__(self) -> bool:
        return self.cpr or self.education or self.danish_tie


def needs_of(run: CourseRun) -> Needs:
    """What the run asks: its own choice, or its school's. Two queries."""
    school = terms_of(run.organisation_id)
    own = RunTerms.objects.filter(run=run).order_by("pk").first()

    def pick(mine: bool | None, general: bool) -> bool:
        return general if mine is None else mine

    return Needs(
        cpr=pick(own.needs_cpr if own else None, school.needs_cpr),
        education=pick(own.needs_education if own else None, school.needs_education),
        danish_tie=pick(own.needs_danish_tie if own else None, school.needs_danish_tie),
    )


def charges_on(terms: SchoolTerms, day: date) -> bool:
    """Whether the school's board had decided by ``day`` to charge fees (R75)."""
    return (
        terms.charges_fees and terms.board_decided_on is not None and terms.board_decided_on <= day
    )
