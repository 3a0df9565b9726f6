"""A round with a board: one network, schools with people, one or more FKBs with courses.

``make_round()`` gives what most tests of the round need; everything in it is constructed.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from samspil.catalogue.models import Approval, BranchGroup, Course, Fkb
from samspil.coordination.models import (
    Commitment,
    Form,
    Intent,
    Round,
    RoundCourse,
    RoundFkb,
    RoundSchool,
)
from samspil.kernel import roles
from samspil.kernel.actor import Actor
from samspil.network.domain.actors import actor_for
from samspil.network.enums import OrganisationKind
from samspil.network.models import Membership, Network, Organisation, Person, RoleAssignment

NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
_serial = itertools.count(1)
SCHOOLS = ("Østby", "Vestby", "Sønderby", "Nordby", "Midtby")
TITLES = (
    "Praktikvejledning for praktikvejledere",
    "Omsorg for personer med demens",
    "Tidlig opsporing af sygdomstegn",
    "Rehabilitering som arbejdsform",
    "Brug af personlige hjælpemidler",
)


def make_person(
    name: str,
    role: str,
    *,
    network: Network | None = None,
    organisation: Organisation | None = None,
) -> Person:
    """A person with one role, who can sign in with the password ``prøve``."""
    person = Person.objects.create_user(
        f"person{next(_serial)}@example.test", "prøve", name=name, is_constructed=True
    )
    RoleAssignment.objects.create(
        person=person, role=role, network=network, organisation=organisation
    )
    return person


@dataclass
class RoundCase:
    """A round and everybody in it. ``rows`` are in the order of the course numbers."""

    network: Network
    round: Round
    secretariat_person: Person
    schools: list[Organisation]
    people: list[Person]
    fkbs: list[RoundFkb] = field(default_factory=list)
    rows: list[RoundCourse] = field(default_factory=list)

    @property
    def secretariat(self) -> Actor:
        return actor_for(self.secretariat_person, today=NOW.date())

    def coordinator(self, index: int = 0) -> Actor:
        """The coordinator of school number ``index``."""
        return actor_for(self.people[index], today=NOW.date())

    @property
    def fkb(self) -> RoundFkb:
        return self.fkbs[0]

    def add_fkb(self, number: str, *, courses: int, approved: int | None = None) -> RoundFkb:
        """An FKB with core courses; the first ``approved`` schools (all when ``None``)."""
        group, _new = BranchGroup.objects.get_or_create(
            key="sosu", defaults={"name": "SOSU", "position": 8}
        )
        fkb = Fkb.objects.create(
            number=number, title="Pleje og omsorg", branch_group=group, is_constructed=True
        )
        place = RoundFkb.objects.create(round=self.round, fkb=fkb)
        self.fkbs.append(place)
        for school in self.schools[:approved]:
            Approval.objects.create(organisation=school, fkb=fkb, valid_from=date(2020, 1, 1))
        base = 90000 + 100 * (int(number) % 100)
        new = [
            Course.objects.create(
                number=str(base + i),
                title=TITLES[i % len(TITLES)],
                duration_days=3,
                is_constructed=True,
            )
            for i in range(courses)
        ]
        for i, course in enumerate(new):
            self.rows.append(
                RoundCourse.objects.create(
                    round_fkb=place,
                    course=course,
                    relation="core",
                    activity=7 * i,
                    activity_year=2025,
                )
            )
        return place

    def commit(self, row: RoundCourse, school: int, role: str = "own", **values) -> Commitment:
        """Put a cell straight into the table, as it may stand when a test begins."""
        return Commitment.objects.create(
            round_course=row,
            organisation=self.schools[school],
            role=role,
            **{"updated_at": NOW, "updated_by_label": "Skema", **values},
        )

    def intend(self, row: RoundCourse, school: int, **values) -> Intent:
        form = Form.objects.get(round=self.round, organisation=self.schools[school])
        intent, _new = Intent.objects.update_or_create(
            form=form, round_course=row, defaults={"updated_at": NOW, **values}
        )
        return intent


def make_round(
    *,
    status: str = "meeting",
    schools: int = 3,
    courses: int = 3,
    year: int = 2027,
    fkb: str = "9222",
) -> RoundCase:
    """A round of one constructed network with ``schools`` schools, all approved for one FKB."""
    serial = next(_serial)
    network = Network.objects.create(
        key=f"net-{serial}", name="Samarbejdet i prøven", short_name="Prøven", is_constructed=True
    )
    round = Round.objects.create(
        network=network,
        year=year,
        status=status,
        forms_sent_on=date(year - 1, 1, 12),
        forms_due_on=date(year - 1, 2, 26),
        meeting_on=date(year - 1, 3, 18),
        signed_by_on=date(year - 1, 6, 30),
        created_at=NOW,
    )
    organisations = []
    people = []
    for index in range(schools):
        name = SCHOOLS[index] if index < len(SCHOOLS) else f"Skole {index + 1}"
        school = Organisation.objects.create(
            key=f"school-{serial}-{index}",
            name=f"{name} Social- og Sundhedsskole",
            short_name=f"{name} SOSU",
            kind=OrganisationKind.SCHOOL,
            is_constructed=True,
        )
        organisations.append(school)
        Membership.objects.create(network=network, organisation=school)
        RoundSchool.objects.create(round=round, organisation=school)
        Form.objects.create(round=round, organisation=school, status="returned")
        people.append(
            make_person(f"Koordinator {name}", roles.SCHOOL_COORDINATOR, organisation=school)
        )
    case = RoundCase(
        network=network,
        round=round,
        secretariat_person=make_person("Sekretær Sørensen", roles.SECRETARIAT, network=network),
        schools=organisations,
        people=people,
    )
    case.add_fkb(fkb, courses=courses)
    return case
