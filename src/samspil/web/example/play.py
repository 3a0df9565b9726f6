"""The round of 2027 played on the example network, through the same actions as the pages use.

Every step looks at how far the round is and does only what is missing. So a run that was broken
off goes on where it stopped, and a finished round is left alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import typst
from django.conf import settings
from django.db.models import QuerySet

from samspil.catalogue.enums import Evidence
from samspil.catalogue.models import Approval
from samspil.coordination.domain.board import CellChange, apply_changes, register_external_agreement
from samspil.coordination.domain.form_cycle import XLSX, send_forms, submit_form
from samspil.coordination.domain.forms import IntentChange, form_snapshot, save_intents
from samspil.coordination.domain.merge import Item
from samspil.coordination.domain.proposals import answer_proposal, request_proposal
from samspil.coordination.domain.returns import (
    apply_return,
    preview,
    receive_workbook,
)
from samspil.coordination.domain.round_queries import gap_rows
from samspil.coordination.domain.rounds import (
    RoundDates,
    coordinated_fkbs,
    default_dates,
    move_round,
    open_round,
)
from samspil.coordination.enums import (
    ChangeKind,
    CommitmentRole,
    FormStatus,
    IntentSource,
    ProposalStatus,
    RoundStatus,
)
from samspil.coordination.interfaces.form_files import workbook_of
from samspil.coordination.interfaces.form_reader import read_form
from samspil.coordination.interfaces.remarks import sentence
from samspil.coordination.interfaces.values import parse_when
from samspil.coordination.models import (
    ExternalAgreement,
    Form,
    Proposal,
    Return,
    Round,
    RoundCourse,
)
from samspil.kernel import calculations, clock, files, solving
from samspil.kernel.actor import Actor
from samspil.kernel.models import Calculation
from samspil.kernel.uploads import inspect
from samspil.network.domain.actors import actor_for
from samspil.network.models import Membership, Network, Organisation, Person
from samspil.web.example.answers import (
    EXTERNAL,
    JOINT,
    Line,
    Plan,
    Planned,
    fill_in,
    plan_answers,
)
from samspil.web.example.seed import ESO, SECRETARIAT_EMAIL
from samspil.web.example.teller import Step, Teller

YEAR = 2027
STEPS = 6
OWES = ("handelsfagskolen", "viden-djurs")
"""Two members who never send their form back."""
ON_SCREEN = "sosu-fvh"
"""The school that fills in the form on the screen instead of in the workbook."""
LEAVES_OPEN = ("sosu-herning", "djh")
"""Schools that hand in without answering the questions about their cells."""

PICTURE = date(2026, 3, 18)
"""The meeting of the picture in the design: what the source's rhythm gives for 2027 (R32)."""


def _working_day(day: date) -> date:
    """The day itself, or the Monday after a weekend."""
    return day + timedelta(days={5: 2, 6: 1}.get(day.weekday(), 0))


@dataclass(frozen=True)
class Moments:
    """When everything happened, counted from the day of the meeting."""

    meeting_on: date

    @classmethod
    def at(cls, today: date) -> Moments:
        """The picture's dates, or, when they have long passed, the same rhythm up to today.

        An example whose deadlines are all a year old would greet people with overdue tasks.
        """
        if today <= PICTURE + timedelta(days=28):
            return cls(PICTURE)
        return cls(_working_day(today))

    def day(self, before: int) -> date:
        """The day so many days before the meeting."""
        return self.meeting_on - timedelta(days=before)

    @property
    def dates(self) -> RoundDates:
        """The round's own dates; signatures as long after the meeting as in the picture."""
        if self.meeting_on == PICTURE:
            return default_dates(YEAR)
        last = date(YEAR, 12, 31)
        return RoundDates(
            forms_due_on=_working_day(self.day(20)),
            meeting_on=self.meeting_on,
            signed_by_on=max(self.meeting_on, min(last, self.day(-104))),
        )


OPENED, SENT, RETURNED, JOINED, MET = (72, 9), (65, 9), (44, 10), (8, 13), (0, 9)
"""Days before the meeting, and the hour."""


@dataclass(frozen=True)
class Filled:
    """What the round has come to, for the last lines."""

    round: Round
    gaps: int
    folder: Path


def _folder() -> Path:
    return Path(settings.VAR) / "eksempel"


def is_played(round: Round | None) -> bool:
    """Whether the round stands at its meeting, or beyond, with a proposal asked for."""
    return (
        round is not None
        and round.status not in (RoundStatus.DRAFT, RoundStatus.COLLECTING)
        and Proposal.objects.filter(round=round).exists()
    )


def find_round() -> Round | None:
    """The example's round of 2027, if it has been opened."""
    return (
        Round.objects.select_related("network").filter(network__key=ESO, year=YEAR).order_by("pk")
    ).first()


class Play:
    """One run of the round, told step by step."""

    def __init__(self, teller: Teller, *, now: datetime) -> None:
        self.teller = teller
        self.now = now
        self.found: Counter[str] = Counter()
        self.network = Network.objects.get(key=ESO)
        round = find_round()
        self.moments = Moments(round.meeting_on) if round else Moments.at(clock.local_date(now))
        self.secretary = self._person(SECRETARIAT_EMAIL)

    def run(self) -> Filled:
        """Lead the round to its meeting. Returns what it has come to."""
        round = find_round() or self._open()
        if round.status == RoundStatus.DRAFT:
            self._send(round)
        round.refresh_from_db()
        if round.status == RoundStatus.COLLECTING:
            self._receive(round)
            self._join(round)
            self._meet(round)
        self._propose(round)
        round.refresh_from_db()
        return Filled(round, gap_rows(_rows(round)).count(), _folder())

    def _person(self, email: str) -> Actor:
        return actor_for(Person.objects.get(email=email), today=clock.local_date(self.now))

    def _at(self, moment: tuple[int, int]) -> datetime:
        """The instant of a moment, never later than now."""
        before, hour = moment
        return min(self.now, clock.start_of(self.moments.day(before), hour))

    def _coordinator(self, school: Organisation) -> Actor:
        return self._person(f"koordinator@{school.key}.example")

    # ------------------------------------------------------------ the steps

    def _open(self) -> Round:
        with self.teller.step("Runden åbnes", 1) as step:
            fkbs = coordinated_fkbs(self.network, YEAR)
            schools = Membership.objects.filter(network=self.network)
            round = open_round(
                actor=self.secretary,
                now=self._at(OPENED),
                network=self.network,
                year=YEAR,
                dates=self.moments.dates,
                fkb_ids=[fkb.pk for fkb in fkbs],
                organisation_ids=list(schools.values_list("organisation_id", flat=True)),
            )
            rows = _rows(round)
            duty = rows.filter(is_duty=True).count()
            step.outcome = (
                f"{len(fkbs)} FKB'er, {schools.count()} skoler, {rows.count()} mål, "
                f"{duty} med udbudspligt"
            )
            step.say(
                f"Frist for skemaer {_day(round.forms_due_on)}, møde {_day(round.meeting_on)}, "
                f"underskrift senest {_day(round.signed_by_on)}"
            )
            made_up = Approval.objects.filter(
                fkb__in=fkbs, evidence=Evidence.CONSTRUCTED, organisation__round_places__round=round
            ).count()
            step.say(f"Konstrueret eksempel: {made_up} godkendelser og alle mål fra nummer 90000")
        return round

    def _send(self, round: Round) -> None:
        schools = round.schools.count()
        with self.teller.step("Skemaer sendes", schools) as step:

            def told(form: Form) -> tuple[str, bytes]:
                step.advance(form.organisation.label)
                return workbook_of(form)

            forms = send_forms(
                actor=self.secretary, now=self._at(SENT), round=round, workbook_of=told
            )
            folder = _folder() / "sendt"
            for form in forms:
                if form.file is not None:
                    _write(folder / form.file.name, files.read(form.file))
            lines = sum(len(form_snapshot(form).lines) for form in forms)
            step.outcome = f"{len(forms)} skemaer, {_thousands(lines)} linjer i alt"
            step.say(f"Regneark skrevet i {_shown(folder)}")

    def _receive(self, round: Round) -> None:
        forms = [
            form
            for form in round.forms.select_related("organisation", "round__network", "file")
            if form.organisation.key not in OWES
        ]
        plan = plan_answers({form.organisation.key: lines_of(form) for form in forms})
        with self.teller.step("Skemaer kommer retur", len(forms)) as step:
            for form in forms:
                step.advance(form.organisation.label)
                if form.status != FormStatus.SENT:
                    continue
                if form.organisation.key == ON_SCREEN:
                    self._on_screen(form, plan, step)
                else:
                    self._by_workbook(form, plan, step)
            members = round.schools.filter(is_invited=False).count()
            back = round.forms.filter(status=FormStatus.RETURNED).values("organisation")
            returned = round.schools.filter(is_invited=False, organisation__in=back).count()
            step.outcome = f"{returned} af {members} medlemmer og alle inviterede"
            step.say(
                f"I alt {_thousands(self.found['felter'])} felter læst, "
                f"{self.found['spørgsmål']} spørgsmål, {self.found['fejl']} fejl"
            )
            owing = round.forms.filter(status=FormStatus.SENT).select_related("organisation")
            step.say(f"Mangler: {', '.join(form.organisation.label for form in owing)}")
            step.say(f"Regneark lagt i {_shown(_folder() / 'retur')}")

    def _by_workbook(self, form: Form, plan: Plan, step: Step) -> None:
        school, now = form.organisation, self._at(RETURNED)
        actor = self._coordinator(school)
        if form.file is None:
            raise RuntimeError(f"{form} was sent without a workbook.")
        content = fill_in(files.read(form.file), school.key, plan)
        name = f"{school.key}.xlsx"
        _write(_folder() / "retur" / name, content)
        ret = Return.objects.filter(form=form).first() or self._upload(
            form, name, content, actor, now
        )
        shown = preview(ret)
        questions = [item for item in shown.settled.items if item.is_open]
        errors = [item for item in shown.settled.items if item.kind == "error"]
        remarks = [item for item in shown.settled.items if item.kind == "remark"]
        answers = {} if school.key in LEAVES_OPEN else _decide(questions)
        if len(answers) < len(questions):
            state = f"{len(questions)} spørgsmål, {len(answers)} besvaret"
        else:
            state = f"{len(questions)} spørgsmål, alle besvaret" if questions else "ingen spørgsmål"
        step.say(
            f"{school.label}: {shown.changed} felter læst, {state}, "
            f"{_count(len(errors), 'fejl', 'fejl')}"
        )
        for item in [*errors, *questions, *remarks][:3]:
            step.say(f"   {item.ref}  {sentence(item.remark)}")
        self.found.update(felter=shown.changed, spørgsmål=len(questions), fejl=len(errors))
        ret = apply_return(
            actor=actor, now=now, ret=ret, answers=answers, expected_version=ret.version
        )
        form.refresh_from_db()
        submit_form(actor=actor, now=now, form=form, expected_version=form.version)

    def _upload(self, form: Form, name: str, content: bytes, actor: Actor, now: datetime) -> Return:
        info = inspect(content, name, kinds={"xlsx", "ods", "csv"})
        snapshot = form_snapshot(form)
        return receive_workbook(
            actor=actor,
            now=now,
            form=form,
            name=name,
            content=content,
            content_type=XLSX,
            reading=read_form(content, info.kind, snapshot),
            snapshot=snapshot,
        )

    def _on_screen(self, form: Form, plan: Plan, step: Step) -> None:
        actor, now = self._coordinator(form.organisation), self._at(RETURNED)
        changes = []
        for line in form_snapshot(form).lines:
            answer = plan[form.organisation.key, line.fkb_number, line.number]
            values = _values(answer)
            if values:
                changes.append(IntentChange(line.round_course_id, values, line.version))
        save_intents(actor=actor, now=now, form=form, changes=changes, source=IntentSource.SCREEN)
        submit_form(actor=actor, now=now, form=form, expected_version=form.version)
        step.say(f"{form.organisation.label}: {len(changes)} mål besvaret på skærmen")

    def _join(self, round: Round) -> None:
        rows = {row.course.number: row for row in _rows(round)}
        with self.teller.step("Fælles hold og aftaler", len(JOINT) + len(EXTERNAL)) as step:
            for number, holder in JOINT.items():
                step.advance(number)
                self._joint(round, rows[number], holder)
                row = rows[number]
                followers = row.commitments.filter(role=CommitmentRole.FOLLOWER).count()
                school = Organisation.objects.get(key=holder).label
                step.say(
                    f"{number} {row.course.title}: {school} udbyder, "
                    f"{_count(followers, 'skole', 'skoler')} følger"
                )
            for number, key in EXTERNAL.items():
                step.advance(number)
                self._external(rows[number], key, step)
            step.outcome = f"{len(JOINT)} fælles hold, {len(EXTERNAL)} aftale uden for kredsen"

    def _joint(self, round: Round, row: RoundCourse, holder: str) -> None:
        own = row.commitments.select_related("organisation").get(organisation__key=holder)
        if own.role == CommitmentRole.HOLDER:
            return
        followers = Form.objects.filter(
            round=round, intents__round_course=row, intents__will_follow=True
        ).order_by("pk")
        changes = [
            CellChange(
                round_course_id=row.pk,
                organisation_id=own.organisation_id,
                role=CommitmentRole.HOLDER,
                runs=own.runs,
                when_text=own.when_text,
                starts_on=own.starts_on,
                ends_on=own.ends_on,
                guarantee=own.guarantee,
                expected_version=own.version,
            )
        ]
        changes += [
            CellChange(
                round_course_id=row.pk,
                organisation_id=form.organisation_id,
                role=CommitmentRole.FOLLOWER,
            )
            for form in followers
        ]
        apply_changes(
            actor=self.secretary,
            now=self._at(JOINED),
            round=round,
            changes=changes,
            kind=ChangeKind.CELL,
            summary=f"{row.course.number}: fælles hold hos {own.organisation.label}",
        )

    def _external(self, row: RoundCourse, key: str, step: Step) -> None:
        school = Organisation.objects.get(key=key)
        if not ExternalAgreement.objects.filter(round_course=row).exists():
            name = f"aftale-{row.course.number}-{key}.pdf"
            content = agreement_pdf(row, school.name, YEAR)
            _write(_folder() / "aftaler" / name, content)
            register_external_agreement(
                actor=self.secretary,
                now=self._at(JOINED),
                round_course=row,
                school_name=school.name,
                content=content,
                file_name=name,
                organisation=school,
                when_text="2. halvår",
                note="Konstrueret eksempel",
            )
        step.say(f"{row.course.number} {row.course.title}: aftale med {school.label} vedlagt")

    def _meet(self, round: Round) -> None:
        with self.teller.step("Mødet åbnes", 1) as step:
            move_round(actor=self.secretary, now=self._at(MET), round=round, verb="start_meeting")
            gaps = list(gap_rows(_rows(round)).order_by("course__number", "pk"))
            duty = _rows(round).filter(is_duty=True, archived_reason="").count()
            step.outcome = f"{duty - len(gaps)} af {duty} mål har en udbyder, {len(gaps)} mangler"
            for number, missing in _by_fkb(gaps):
                step.say(f"FKB {number} mangler {', '.join(missing)}")

    def _propose(self, round: Round) -> None:
        with self.teller.step("Forslag beregnes", 1) as step:
            proposal = Proposal.objects.filter(round=round, round_fkb=None).first()
            if proposal is None:
                proposal = request_proposal(actor=self.secretary, now=self._at(MET), round=round)
            if proposal.status == ProposalStatus.QUEUED:
                proposal = self._calculated(proposal)
            gaps = {row.pk for row in gap_rows(_rows(round))}
            lines = list(
                proposal.lines.select_related("round_course__course", "organisation").order_by(
                    "round_course__course__number", "pk"
                )
            )
            closing = [
                line
                for line in lines
                if line.round_course_id in gaps
                and line.organisation is not None
                and line.role == CommitmentRole.HOLDER
            ]
            closed = {line.round_course_id for line in closing}
            step.outcome = f"{len(closed)} af {len(gaps)} huller kan lukkes"
            taken = Counter(line.organisation.label for line in closing if line.organisation)
            for line in closing:
                if line.organisation is not None:
                    course = line.round_course.course
                    step.say(f"{line.organisation.label} tager {course.number} {course.title}")
            if taken:
                most, count = max(taken.items(), key=lambda item: item[1])
                step.say(f"Ingen skole får mere end {count} ({most})")
            left = _rows(round).filter(pk__in=gaps - closed).order_by("course__number", "pk")
            for row in left:
                step.say(f"{row.course.number} {row.course.title}: ingen skole har kapacitet")

    def _calculated(self, proposal: Proposal) -> Proposal:
        """The proposal with its answer, on the day it was asked for."""
        solving.run_due()
        return answer_proposal(
            actor=Actor.system("planner"),
            now=self._at(MET),
            proposal=proposal,
            calculation=Calculation.objects.get(pk=calculations.of(proposal)[0].pk),
        )


# ---------------------------------------------------------------- small things


def _rows(round: Round) -> QuerySet[RoundCourse]:
    return RoundCourse.objects.filter(round_fkb__round=round).select_related(
        "course", "round_fkb__fkb"
    )


def lines_of(form: Form) -> Sequence[Line]:
    """What the plan of answers looks at of a form."""
    return [
        Line(
            fkb=line.fkb_number,
            number=line.number,
            title=line.title,
            days=line.days,
            own_learners=line.activity or 0,
            all_learners=line.activity_all or 0,
            is_duty=line.is_duty,
        )
        for line in form_snapshot(form).lines
    ]


def _values(answer: Planned) -> dict[str, object]:
    """The answer as the form's fields, for a school that types it on the screen."""
    values: dict[str, object] = {}
    if answer.offers is not None:
        values["offers"] = answer.offers
    if answer.runs is not None:
        values["runs"] = answer.runs
    if answer.when:
        values["when"] = parse_when(answer.when, YEAR).value
    if answer.guarantee:
        values["guarantee"] = True
    if answer.take_on is not None:
        values["take_on_days"] = Decimal(answer.take_on)
    if answer.follows:
        values["will_follow"] = True
    return values


def _decide(questions: Iterable[Item]) -> dict[str, dict[str, str]]:
    """What a coordinator answers: the first suggestion that sets a value, else the first."""
    answers = {}
    for item in questions:
        if not item.choices:
            continue
        values = [choice for choice in item.choices if choice.kind == "values"]
        answers[item.id] = {"choice": (values or list(item.choices))[0].id}
    return answers


def _by_fkb(gaps: Iterable[RoundCourse]) -> list[tuple[str, list[str]]]:
    found: dict[str, list[str]] = {}
    for row in gaps:
        found.setdefault(row.round_fkb.fkb.number, []).append(row.course.number)
    return sorted(found.items())


def agreement_pdf(row: RoundCourse, school: str, year: int) -> bytes:
    """A signed agreement as a school outside the circle would send it: one page."""
    text = (
        f'#set document(title: "Aftale om udbud af {row.course.number}")\n'
        '#set text(lang: "da", size: 12pt)\n'
        f"= Aftale om udbud af {row.course.number}\n\n"
        f"{school} udbyder og annoncerer {row.course.title} mindst én gang i {year}. "
        "Skolerne i ESØ henviser kursister hertil.\n\n"
        "Konstrueret eksempel. Aftalen er ikke indgået i virkeligheden.\n"
    )
    return bytes(typst.compile(text.encode(), format="pdf"))


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _shown(path: Path) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def _day(day: date | None) -> str:
    months = "januar februar marts april maj juni juli august september oktober november december"
    return f"{day.day}. {months.split()[day.month - 1]}" if day else ""


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


def _thousands(number: int) -> str:
    return f"{number:,}".replace(",", ".")
