"""Enrolments in words: where somebody stands, and why."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from samspil.enrolment.domain import fees
from samspil.enrolment.domain.capacity import Place
from samspil.enrolment.domain.queries import Person
from samspil.enrolment.enums import EnrolmentStatus
from samspil.enrolment.models import Enrolment
from samspil.kernel.models import AuditEvent, StatusChange
from samspil.ui.components import Entry
from samspil.ui.templatetags.ui import da_date

TAGS = {
    EnrolmentStatus.RESERVED: "wait",
    EnrolmentStatus.WAITING: "wait",
    EnrolmentStatus.OFFERED: "joint",
    EnrolmentStatus.ENROLLED: "ok",
    EnrolmentStatus.TRANSFERRED: "ext",
    EnrolmentStatus.CANCELLED: "plain",
    EnrolmentStatus.ATTENDED: "ok",
    EnrolmentStatus.ABSENT: "gap",
}


@dataclass(frozen=True, slots=True)
class PersonLine:
    """A person on a page: the label of the seat, the state and its colour, and why it is so."""

    enrolment: Enrolment
    label: str
    state: str
    kind: str
    why: str
    missing: tuple[str, ...] = ()


def why(enrolment: Enrolment, place: Place | None) -> str:
    """Why somebody stands where he stands, as whoever signed up reads it."""
    if enrolment.status == EnrolmentStatus.RESERVED:
        return _("Pladsen er din, når du har bekræftet.")
    if place is None:
        return ""
    parts = [queue_reason(place)]
    if enrolment.sign_up.status == "pending":
        parts.append(_("Du rykker først op, når du har bekræftet."))
    if enrolment.passed_over:
        parts.append(enrolment.passed_over)
    return " ".join(parts)


def queue_reason(place: Place) -> str:
    """'Nr. 3 i køen, fordi 2 skrev sig op før.'"""
    if place.number == 1:
        return _("Nr. 1 i køen: den næste ledige plads er til dig.")
    reasons = []
    others = place.earlier - place.same_sign_up
    if others:
        reasons.append(
            ngettext("%(n)s skrev sig op før", "%(n)s skrev sig op før", others) % {"n": others}
        )
    if place.same_sign_up:
        reasons.append(
            ngettext(
                "%(n)s fra jeres egen tilmelding står foran",
                "%(n)s fra jeres egen tilmelding står foran",
                place.same_sign_up,
            )
            % {"n": place.same_sign_up}
        )
    if place.first:
        reasons.append(
            ngettext(
                "%(n)s mistede sin plads på et andet hold og går foran",
                "%(n)s mistede deres plads på et andet hold og går foran",
                place.first,
            )
            % {"n": place.first}
        )
    return _("Nr. %(number)s i køen, fordi %(reasons)s.") % {
        "number": place.number,
        "reasons": _(" og ").join(reasons),
    }


def state_of(enrolment: Enrolment) -> str:
    """The state in words."""
    return str(EnrolmentStatus(enrolment.status).label)


def lines(
    people: list[Enrolment], places: dict[int, Place], missing: dict[int, tuple[str, ...]]
) -> list[PersonLine]:
    """The people of a sign-up for its owner."""
    found = []
    for number, row in enumerate(people, start=1):
        learner = row.learner
        label = (
            learner.name if learner and learner.name else _("Plads %(number)s") % {"number": number}
        )
        found.append(
            PersonLine(
                enrolment=row,
                label=label,
                state=state_of(row),
                kind=TAGS[EnrolmentStatus(row.status)],
                why=why(row, places.get(row.pk)),
                missing=missing.get(row.pk, ()),
            )
        )
    return found


@dataclass(frozen=True, slots=True)
class StaffLine:
    """A person in the school's list."""

    person: Person
    name: str
    state: str
    kind: str
    place: str


def staff_line(person: Person) -> StaffLine:
    """A person as the school reads it. A hidden name says that it is hidden."""
    row = person.enrolment
    if person.is_hidden:
        name = _("Beskyttet navn")
    else:
        name = person.name or _("Uden navn")
    return StaffLine(
        person=person,
        name=name,
        state=state_of(row),
        kind=TAGS[EnrolmentStatus(row.status)],
        place=_("nr. %(n)s") % {"n": person.place} if person.place else "",
    )


FEE_WORDS = {
    fees.Why.IN_TIME: lambda: _("Gratis: der er mere end en uge til første dag."),
    fees.Why.NOT_DECIDED: lambda: _("Gratis: skolen opkræver ikke gebyr."),
    fees.Why.NOT_EMPLOYER: lambda: _("Gratis: kun arbejdsgivere og selvstændige betaler gebyr."),
    fees.Why.NO_SEAT: lambda: _("Gratis: personen har ingen plads endnu."),
    fees.Why.MOVED: lambda: _("Gratis: den, der er blevet flyttet, betaler aldrig gebyr."),
    fees.Why.CANCELLED: lambda: _("Gratis: skolen har aflyst holdet."),
    fees.Why.LAWFUL: lambda: _("Gratis: lovligt forfald."),
    fees.Why.REPLACED: lambda: _("Gratis: en anden har taget pladsen."),
    fees.Why.SUPPLEMENT: lambda: _("Gratis: arbejdsgiveren betaler for den tomme plads."),
}


def fee_words(fee: fees.Fee) -> str:
    """A fee and its ground in one sentence."""
    if fee.ore == 0:
        return FEE_WORDS[fee.why]()
    kroner = f"{fee.ore // 100:,}".replace(",", ".")
    if fee.why == fees.Why.NO_SHOW:
        return _("%(kroner)s kr., fordi personen ikke kom den første dag.") % {"kroner": kroner}
    return _("%(kroner)s kr., fordi der er mindre end en uge til første dag.") % {"kroner": kroner}


def kroner(ore: int) -> str:
    """1.500 kr."""
    return _("%(kroner)s kr.") % {"kroner": f"{ore // 100:,}".replace(",", ".")}


def entries(events: list[AuditEvent]) -> list[Entry]:
    """A history without names: who came by the link is 'den tilmeldte'."""
    return [Entry(at=event.at, who=_who(event), text=event.summary, detail="") for event in events]


def _who(event: AuditEvent) -> str:
    if event.actor_kind == "anonymous":
        return _("Den, der tilmeldte")
    if event.actor_kind == "system":
        return _("Samspil")
    return event.actor_label.split(" <")[0]


def free_words(day: object) -> str:
    """Until when it is free."""
    return _("Frit til og med %(day)s") % {"day": da_date(day)}  # type: ignore[arg-type]


def steps(rows: list[StatusChange]) -> list[Entry]:
    """The states that somebody went through, newest first."""
    return [
        Entry(
            at=row.at,
            who=str(EnrolmentStatus(row.to_status).label),
            text=row.reason,
        )
        for row in reversed(rows)
    ]


def source_name(source: str) -> str:
    """What a context that keeps data about people is called."""
    return {
        "enrolment": _("Tilmeldinger"),
        "enrolment.moves": _("Spørgsmål om at flytte, og overførsler"),
        "kernel.mail": _("Mails"),
    }.get(source, source)
