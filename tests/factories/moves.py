"""Three schools in a network with runs that are too small one by one, and people who signed up here."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from samspil.enrolment.domain import moves, planning, sign_ups, tokens
from samspil.enrolment.domain.sign_ups import Wish
from samspil.enrolment.models import (
    MoveLine,
    MovePlan,
    PlanApproval,
    PlannedRun,
    SignUp,
    Transfer,
    TransferNote,
)
from samspil.kernel import clock, files, solving
from samspil.kernel.actor import Actor
from samspil.kernel.outbox import run_due
from samspil.runs.models import CourseRun
from tests.factories import enrolments as make
from tests.factories.board import RoundCase, make_round
from tests.factories.runs import PLACES, Postcode


@dataclass
class Case:
    """Runs at Aarhus, Randers and Horsens with a minimum of 6 and 12 seats, a week apart; who signed up on each."""

    round: RoundCase
    now: datetime
    runs: list[CourseRun]
    people: list[list[SignUp]] = field(default_factory=list)

    @property
    def schools(self) -> list[Any]:
        return self.round.schools

    def staff(self, index: int) -> Actor:
        """The coordinator of a school."""
        return self.round.coordinator(index)

    def plan(self, **limits: Any) -> MovePlan:
        """A plan that is calculated and waits for the schools."""
        made = moves.propose_moves(
            actor=self.round.secretariat,
            now=self.now,
            network=self.round.network,
            course=self.round.rows[0].course,
            limits=planning.Limits(**{"km": 75, "days": 28, **limits}),
        )
        assert solving.run_next()
        run_due(clock.now())
        made.refresh_from_db()
        return made

    def approved(self, **limits: Any) -> MovePlan:
        """A plan that all schools have approved, so that people are asked."""
        made = self.plan(**limits)
        for row in made.approvals.order_by("pk"):
            index = [s.pk for s in self.schools].index(row.organisation_id)
            moves.approve_moves(
                actor=self.staff(index),
                now=self.now,
                plan=made,
                organisation_id=row.organisation_id,
                sha256=made.sha256,
            )
        made.refresh_from_db()
        return made


def make_case(
    signed_up: tuple[int, ...] = (4, 3, 2),
    *,
    now: datetime | None = None,
    fkb: str = "9222",
    **values: Any,
) -> Case:
    """So many people on each run, each for himself."""
    now = now or clock.now()
    round = make_round(fkb=fkb, schools=max(3, len(signed_up)))
    for code, city, lat, lon in PLACES:
        Postcode.objects.get_or_create(code=code, defaults={"city": city, "lat": lat, "lon": lon})
    runs = []
    for i, _number in enumerate(signed_up):
        code, city, _lat, _lon = PLACES[i % len(PLACES)]
        runs.append(
            make.make_open_run(
                round.schools[i],
                round.rows[0].course,
                now=now,
                in_days=60 + 7 * i,
                postcode=code,
                city=city,
                **{"capacity": 12, "minimum": 6, **values},
            )
        )
    case = Case(round, now, runs)
    for run, number in zip(runs, signed_up, strict=True):
        case.people.append([make.sign_up(run, now=now) for _ in range(number)])
        run.refresh_from_db()
    return case


def flexible(sign_up: SignUp, *, now: datetime, **wish: Any) -> None:
    """What else would do for somebody."""
    sign_ups.set_flexibility(
        actor=tokens.holder_of(sign_up),
        now=now,
        sign_up=sign_up,
        wish=Wish(
            **{
                "km": 75, "days_before": 28, "days_after": 28, "online": False, "any_school": True,
                **wish,
            }
        ),
    )  # fmt: skip


def lines(plan: MovePlan) -> list[MoveLine]:
    """The lines of a plan in order."""
    return list(plan.lines.select_related("sign_up", "offer", "source", "target").order_by("pk"))


def make_transfer(round: RoundCase, *, now: datetime | None = None) -> Any:
    """A plan that waits for approval, and beside it a transfer with a note and a file: written straight into the
    tables, for the pages alone."""
    now = now or clock.now()
    course = round.rows[0].course
    source, target = (
        make.make_open_run(school, course, now=now, minimum=2) for school in round.schools[:2]
    )
    sign_up = make.sign_up(source, now=now)
    enrolment = sign_up.enrolments.get()
    plan = MovePlan.objects.create(
        network=round.network,
        course=course,
        status="proposed",
        conditions={
            "km": 40,
            "days": 28,
            "yes": "all",
            "answer_days": 4,
            "held": [],
            "cancelled": [],
        },
        statistics={"people": 1, "taught": 1, "alone": 0, "asked": 1},
        sha256="0" * 64,
        asked_by="Prøve",
        created_at=now,
    )
    for run, fate, before, after in ((source, "merged", 1, 0), (target, "held", 0, 1)):
        PlannedRun.objects.create(
            plan=plan,
            run=run,
            fate=fate,
            heads_before=before,
            heads_after=after,
            minimum=run.minimum,
        )
        PlanApproval.objects.create(plan=plan, organisation=run.organisation)
    line = MoveLine.objects.create(
        plan=plan, sign_up=sign_up, source=source, target=target, heads=1, metres=12_000, days=0
    )
    line.enrolments.add(enrolment)
    transfer = Transfer.objects.create(
        network=round.network,
        line=line,
        sign_up=sign_up,
        source=source,
        target=target,
        origin=source.organisation,
        holder=target.organisation,
        heads=1,
        due_on=clock.local_date(now),
        created_at=now,
    )
    transfer.enrolments.add(enrolment)
    stored = files.store(
        b"%PDF-1.4 test", "bilag.pdf", "application/pdf", actor=Actor.system("tests"), now=now
    )
    return TransferNote.objects.create(
        transfer=transfer,
        organisation=source.organisation,
        person_name="Prøve",
        text="Her er bilaget.",
        file=stored,
        at=now,
    )
