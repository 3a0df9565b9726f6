"""A round whose FKB has no gap, with a leader at each school. All constructed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from samspil.coordination.domain import agreements, overviews
from samspil.coordination.models import Agreement, Overview, Signature
from samspil.kernel import roles
from samspil.kernel.actor import Actor
from samspil.kernel.signing import SecondFactor
from samspil.network.domain.actors import actor_for
from samspil.network.models import Person
from tests.factories.board import NOW, RoundCase, make_person, make_round


@dataclass
class AgreementCase:
    """Five courses, four schools: own offers of school 0, a joint run held by 1, followed by 2."""

    case: RoundCase
    leaders: list[Person]

    def leader(self, index: int) -> Actor:
        return actor_for(self.leaders[index], today=NOW.date())

    def freeze(self) -> Overview:
        return overviews.freeze_overview(
            actor=self.case.secretariat, now=NOW, round_fkb=self.case.fkb
        )

    def make(self) -> Agreement:
        return agreements.make_agreement(
            actor=self.case.secretariat, now=NOW, round_fkb=self.case.fkb
        )

    def reopen(self, reason: str = "Holdet flytter") -> None:
        agreements.reopen_overview(
            actor=self.case.secretariat, now=NOW, round_fkb=self.case.fkb, reason=reason
        )

    def place(self, agreement: Agreement, index: int) -> Signature:
        return Signature.objects.get(agreement=agreement, organisation=self.case.schools[index])

    def sign(self, agreement: Agreement, index: int, **values: Any) -> Signature:
        return agreements.sign(
            **{
                "actor": self.leader(index),
                "now": NOW,
                "signature": self.place(agreement, index),
                "content_hash": agreement.content_hash,
                "factor": SecondFactor("totp", NOW),
                **values,
            }
        )


def make_agreement_case(
    *, status: str = "signing", courses: int = 5, fkb: str = "9222"
) -> AgreementCase:
    case = make_round(status=status, schools=4, courses=courses, fkb=fkb)
    for row in case.rows[: courses - 2]:
        case.commit(row, 0, "own", runs=2, when_text="uge 37")
    joint, last = case.rows[-2:]
    case.commit(joint, 1, "holder", runs=1, when_text="14.-16. september", guarantee=True)
    case.commit(joint, 2, "follower")
    case.commit(last, 3, "own", runs=1)
    leaders = [
        make_person(f"Leder {i}", roles.SCHOOL_LEADER, organisation=school)
        for i, school in enumerate(case.schools)
    ]
    return AgreementCase(case, leaders)
