"""People of the example: constructed sign-ups, with everything that happens to them afterwards.

Two schools keep runs. On one run all seats are taken and a queue waits; two runs are too small, and a plan to put
them together waits for the second school; a run of the last quarter is over, with attendance, people whom the
other school sent, and a statement that one school has approved. All on constructed courses; every name ends in
'Prøve' and every address in ``konstrueret.example``.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final

from samspil.catalogue.models import Course
from samspil.enrolment.domain import after, moves, moves_transfers, planning, sign_ups, tokens
from samspil.enrolment.domain.sign_ups import Named, Order, Wish
from samspil.enrolment.models import Enrolment, MovePlan, SignUp, Transfer
from samspil.kernel import clock, roles, solving
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.outbox import run_due
from samspil.network.domain.actors import actor_for
from samspil.network.models import Network, Organisation, RoleAssignment
from samspil.network.models.organisations import valid_on
from samspil.runs.domain import days, following, keeping
from samspil.runs.models import CourseRun
from samspil.settlement.domain import statements
from samspil.settlement.domain.ledger import DRAWN_UP_AFTER
from samspil.settlement.domain.money import quarter_of
from samspil.settlement.models import Statement
from samspil.web.example.kept import FOLLOWER, SCHOOL
from samspil.web.example.seed import ESO, only_platform
from samspil.web.example.teller import Step, Teller

FULL: Final = "90104"  # a full run with a queue
SMALL: Final = "90105"  # two runs that are too small one by one
PAST: Final = "90107"  # a run that is over
SHARED: Final = "90106"  # a run that both schools announce
STEPS: Final = 3
_FIRST = (
    "Alma", "Bo", "Cilla", "Dorthe", "Erik", "Freja", "Gunnar", "Hanne", "Ib", "Jytte", "Kaj", "Lis",
    "Mogens", "Nanna", "Ole", "Pia", "Rasmus", "Signe", "Tove", "Uffe", "Vibeke", "Yrsa", "Ågot",
)  # fmt: skip

_MIDDLE = ("", "Skov", "Bæk", "Lund")


def is_played() -> bool:
    """Whether this part has been played."""
    return SignUp.objects.filter(is_constructed=True).exists()


@dataclass
class _Example:
    """The two schools with those who act for them, and the number of the next person."""

    now: datetime
    giver: Organisation
    taker: Organisation
    number: int = 0

    def who(self, school: Organisation, role: str = roles.SCHOOL_COORDINATOR) -> Actor:
        today = clock.local_date(self.now)
        place = (
            RoleAssignment.objects.filter(valid_on(today), organisation=school, role=role)
            .select_related("person")
            .order_by("pk")[0]
        )
        return actor_for(place.person, today=today, organisation_id=school.pk)

    def name(self) -> str:
        row, place = divmod(self.number, len(_FIRST))
        self.number += 1
        return " ".join(part for part in (_FIRST[place], _MIDDLE[row], "Prøve") if part)

    def run(
        self,
        school: Organisation,
        course: str,
        first_on: date,
        *,
        at: datetime,
        capacity: int = 12,
        minimum: int = 6,
    ) -> CourseRun:
        """Plan and announce a run of three days."""
        facts = keeping.RunFacts(
            course=Course.objects.get(number=course),
            periods=(
                days.Plan(
                    first_on=first_on,
                    last_on=first_on + timedelta(days=2),
                    starts_at=time(8),
                    ends_at=time(15, 24),
                    room="Lokale 3 (konstrueret)",
                ),
            ),
            capacity=capacity,
            minimum=minimum,
            deadline_on=first_on - timedelta(days=7),
            decision_on=first_on - timedelta(days=10),
            street=school.street or "Prøvevej 1",
            postcode=school.postcode,
            city=school.city,
            takes_sign_up=True,
            prices=(keeping.PriceLine("Deltagerbetaling", 64_800),),
        )
        actor = self.who(school)
        run = keeping.plan_run(actor=actor, now=at, school=school, facts=facts)
        return keeping.announce_run(actor=actor, now=at, run=run, version=run.version)

    def follow(self, run: CourseRun, *, at: datetime) -> CourseRun:
        """The other school announces the run too, at the holder's address."""
        actor = self.who(self.taker)
        own = following.follow_run(actor=actor, now=at, school=self.taker, run=run)
        CourseRun.objects.filter(pk=own.pk).update(takes_sign_up=True)
        own.refresh_from_db()
        return keeping.announce_run(actor=actor, now=at, run=own, version=own.version)

    def sign_up(
        self,
        run: CourseRun,
        *,
        at: datetime,
        count: int = 1,
        confirmed: bool = True,
        wish: Wish | None = None,
        firm: str = "",
        how_many: str = "some",
        language: str = "da",
    ) -> SignUp:
        """Somebody signs up on the public page, opens the link, and says what else would do."""
        name = self.name()
        made = sign_ups.sign_up(
            actor=Actor.anonymous(),
            now=at,
            run=run,
            order=Order(
                name=name,
                email=f"person{self.number}@konstrueret.example",
                orderer="company" if firm else "private",
                company=firm,
                head_count=count,
                how_many=how_many,
                language=language,
            ),
        )
        SignUp.objects.filter(pk=made.pk).update(is_constructed=True)
        holder = tokens.holder_of(made)
        if confirmed:
            made = sign_ups.confirm(actor=holder, now=at, sign_up=made)
        if count > 1:
            seats = made.enrolments.order_by("pk")
            people = {row.pk: Named(name if i == 0 else self.name()) for i, row in enumerate(seats)}
            sign_ups.name_people(actor=holder, now=at, sign_up=made, people=people)
        if wish is not None:
            sign_ups.set_flexibility(actor=holder, now=at, sign_up=made, wish=wish)
        made.refresh_from_db()
        return made


@action("web.sign_everybody_up", permission=only_platform)
def sign_everybody_up(*, actor: Actor, now: datetime, example: _Example) -> None:
    """The full run with its queue, the run of two schools, and the two that are too small."""
    today = clock.local_date(now)
    full = example.run(example.giver, FULL, _tuesday(today, 7), at=now, capacity=8)
    for i in range(5):
        example.sign_up(full, at=now, language="en" if i == 4 else "da")
    example.sign_up(full, at=now, count=3, firm=_FIRM)
    example.sign_up(full, at=now, count=2, how_many="all", firm=_FIRM)
    example.sign_up(full, at=now + timedelta(minutes=1))
    example.sign_up(full, at=now + timedelta(minutes=2))
    example.sign_up(full, at=now, confirmed=False)
    shared = example.run(example.giver, SHARED, _tuesday(today, 9), at=now)
    for _ in range(5):
        example.sign_up(shared, at=now)
    sent = example.sign_up(example.follow(shared, at=now), at=now, count=2, firm=_FIRM)
    moves_transfers.hand_over(actor=_system(), now=now, sign_up=sent)
    for school, people, weeks in ((example.giver, 4, 8), (example.taker, 5, 9)):
        run = example.run(school, SMALL, _tuesday(today, weeks), at=now)
        for _ in range(people):
            wish = Wish(60, 28, 28, online=False, any_school=True, postcode=school.postcode)
            example.sign_up(run, at=now, wish=wish)
    record(
        example.giver,
        after={"people": example.number},
        summary="Konstruerede tilmeldinger lagt ind",
        organisation_id=example.giver.pk,
    )


_FIRM: Final = "Plejehjemmet Prøve"


def _system() -> Actor:
    return Actor.system("eksempeldata")


def _tuesday(day: date, weeks: int) -> date:
    """A Tuesday ``weeks`` after ``day``, or the first after it with three days of teaching: a run cut
    short by a holiday is another offer, and nobody would be moved to it."""
    return _without_holidays(
        day + timedelta(weeks=weeks, days=1 - day.weekday()), timedelta(weeks=1)
    )


def _without_holidays(tuesday: date, step: timedelta) -> date:
    while any(days.holiday(tuesday + timedelta(days=i)) for i in range(3)):
        tuesday += step
    return tuesday


def play_people(teller: Teller, *, now: datetime) -> None:
    """Play it by the schools' own people, with the actions of the pages."""
    schools = {row.key: row for row in Organisation.objects.filter(key__in=(SCHOOL, FOLLOWER))}
    example = _Example(now, schools[SCHOOL], schools[FOLLOWER])
    with teller.step("Folk tilmelder sig", 1) as step:
        sign_everybody_up(actor=_system(), now=now, example=example)
        rows = Enrolment.objects.filter(sign_up__is_constructed=True)
        waiting = rows.filter(status="waiting").count()
        step.outcome = f"{rows.count()} personer (konstruerede), {waiting} på venteliste"
    with teller.step("Et hold er forbi", 2) as step:
        _past(example, step)
    with teller.step("En plan til to skoler", 2) as step:
        _plan(example, step)


def _last_quarter(today: date) -> date:
    """A Tuesday in the middle of the last quarter whose statement is due."""
    first = date(today.year, 3 * quarter_of(today.month) - 2, 1)
    if today < first + DRAWN_UP_AFTER + timedelta(days=1):
        first = (first - timedelta(days=1)).replace(day=1)
        first = date(first.year, 3 * quarter_of(first.month) - 2, 1)
    middle = first - timedelta(days=45)
    tuesday = middle + timedelta(days=(1 - middle.weekday()) % 7)
    return _without_holidays(tuesday, timedelta(weeks=-1))


def _past(example: _Example, step: Step) -> None:
    first_on = _last_quarter(clock.local_date(example.now))
    before = clock.start_of(first_on - timedelta(days=40), 10)
    run = example.run(example.giver, PAST, first_on, at=before)
    own = [example.sign_up(run, at=before) for _ in range(5)]
    theirs = example.sign_up(example.follow(run, at=before), at=before, count=3, firm=_FIRM)
    transfer = moves_transfers.hand_over(actor=_system(), now=before, sign_up=theirs)
    step.advance()
    if transfer is not None:
        _handled(example, transfer, at=before + timedelta(days=3))
    staff, people = example.who(example.giver), Enrolment.objects.filter(run=run).order_by("pk")
    for i in range(3):
        day = first_on + timedelta(days=i)
        # the last of those who came by themselves stays away
        present = {row.pk: row.sign_up_id != own[-1].pk for row in people}
        after.note_attendance(
            actor=staff, now=clock.start_of(day, 16), run=run, day=day, present=present
        )
    over = clock.start_of(first_on + timedelta(days=3), 9)
    run.refresh_from_db()
    keeping.hold_run(actor=staff, now=over, run=run, version=run.version, taught=7)
    for sign_up, marks in zip(own[:4], ((5, 4), (4, 4), (5, 5), (3, 4)), strict=True):
        after.evaluate(
            actor=tokens.holder_of(sign_up),
            now=over,
            sign_up=sign_up,
            enrolment=sign_up.enrolments.get(),
            content=marks[0],
            teaching=marks[1],
            usable=marks[0],
            place=4,
        )
    _statement(example, step)


def _handled(example: _Example, transfer: Transfer, *, at: datetime) -> None:
    for school in (example.taker, example.giver):
        moves_transfers.do_transfer_step(
            actor=example.who(school),
            now=at,
            transfer=transfer,
            organisation_id=school.pk,
            done=True,
        )


def _due() -> None:
    """Do what the worker would do now, and what follows from it."""
    for _ in range(3):
        run_due(clock.now())


def _statement(example: _Example, step: Step) -> None:
    """The quarter's statement, approved by the school that got people and open at the one that sent them."""
    _due()  # the ledger hears of the transfers, and the statement is drawn up
    statement = Statement.objects.exclude(sha256="").order_by("pk").first()
    if statement is None:
        step.outcome = "afholdt; opgørelsen kommer, når kvartalet er slut"
        return
    statements.approve_statement(
        actor=example.who(example.giver, roles.SCHOOL_LEADER),
        now=clock.now(),
        statement=statement,
        organisation_id=example.giver.pk,
        sha256=statement.sha256,
    )
    step.outcome = f"fremmøde og evaluering; {example.taker.label} mangler at godkende opgørelsen"


def _plan(example: _Example, step: Step) -> None:
    """A plan for the two small runs, approved by one school."""
    network = Network.objects.get(key=ESO)
    plan = moves.propose_moves(
        actor=example.who(example.giver),
        now=example.now,
        network=network,
        course=Course.objects.get(number=SMALL),
        limits=planning.Limits(km=75, days=28),
    )
    step.advance("regner")
    solving.run_due()
    _due()
    plan = MovePlan.objects.get(pk=plan.pk)
    if not plan.approvals.filter(organisation=example.giver).exists():
        step.outcome = "intet at godkende endnu; planen står under Flytninger"
        return
    moves.approve_moves(
        actor=example.who(example.giver),
        now=clock.now(),
        plan=plan,
        organisation_id=example.giver.pk,
        sha256=plan.sha256,
    )
    step.outcome = f"{example.giver.label} har godkendt, {example.taker.label} mangler"
