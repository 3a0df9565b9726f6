"""Loans between schools; everything in them is constructed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from samspil.catalogue.models import Approval, BranchGroup, Course, CourseRelation, Fkb
from samspil.kernel import roles
from samspil.kernel.actor import Actor
from samspil.kernel.signing import SecondFactor
from samspil.lending.domain import loans
from samspil.lending.domain.terms import Terms
from samspil.lending.models import Loan
from samspil.network.domain.actors import actor_for
from samspil.network.models import Membership, Network, Organisation, Person
from tests.factories.board import make_person

NOW = datetime(2027, 3, 1, 9, 0, tzinfo=UTC)


@dataclass
class LoanCase:
    """An approved school, one that is not, a third, and the people of each."""

    network: Network
    lender: Organisation
    borrower: Organisation
    third: Organisation
    fkb: Fkb
    courses: list[Course]
    people: dict[str, Person]

    def actor(self, who: str) -> Actor:
        return actor_for(self.people[who], today=NOW.date())

    def terms(self, **values: Any) -> Terms:
        return Terms(
            **{
                "lender": self.lender,
                "borrower": self.borrower,
                "fkb": self.fkb,
                "starts_on": date(2027, 4, 1),
                "ends_on": date(2027, 9, 30),
                "grounds": ["capacity"],
                "reason": "Værkstedet er fuldt belagt til oktober.",
                **values,
            }
        )

    def propose(self, **values: Any) -> Loan:
        return loans.propose_loan(
            actor=self.actor("borrower"), now=NOW, by=self.borrower, terms=self.terms(**values)
        )

    def accept(self, loan: Loan) -> Loan:
        return loans.accept_loan(
            actor=self.actor("lender"), now=NOW, loan=loan, version=loan.version
        )

    def sign(self, loan: Loan, who: str, *, now: datetime = NOW) -> Loan:
        return loans.sign_loan(
            actor=self.actor(f"{who} leader"),
            now=now,
            loan=loan,
            organisation=self.lender if who == "lender" else self.borrower,
            content_hash=loan.content_hash,
            factor=SecondFactor("totp", now),
        )

    def signed(self, **values: Any) -> Loan:
        loan = self.accept(self.propose(**values))
        self.sign(loan, "lender")
        return self.sign(loan, "borrower")


def make_loan_case() -> LoanCase:
    """Three schools of one network; the first is approved for the FKB of two courses."""
    network = Network.objects.create(
        key="laan", name="Lånekredsen", short_name="LK", is_constructed=True
    )
    schools = [
        Organisation.objects.create(
            key=name.lower(), name=f"{name} Erhvervsskole", short_name=name, is_constructed=True
        )
        for name in ("Bjergby", "Dalby", "Engby")
    ]
    for school in schools:
        Membership.objects.create(network=network, organisation=school)
    group, _new = BranchGroup.objects.get_or_create(
        key="industri", defaults={"name": "Industri", "position": 3}
    )
    fkb = Fkb.objects.create(
        number="9310", title="Svejsning", branch_group=group, is_constructed=True
    )
    courses = [
        Course.objects.create(number=number, title=title, duration_days=5, is_constructed=True)
        for number, title in (("93101", "Lysbuesvejsning"), ("93102", "Gassvejsning"))
    ]
    for course in courses:
        CourseRelation.objects.create(fkb=fkb, course=course)
    Approval.objects.create(organisation=schools[0], fkb=fkb, valid_from=date(2020, 1, 1))
    people = {"secretariat": make_person("Sara", roles.SECRETARIAT, network=network)}
    for who, school in zip(("lender", "borrower", "third"), schools, strict=True):
        people[who] = make_person(f"K {who}", roles.SCHOOL_COORDINATOR, organisation=school)
        people[f"{who} leader"] = make_person(f"L {who}", roles.SCHOOL_LEADER, organisation=school)
    return LoanCase(network, *schools, fkb, courses, people)
