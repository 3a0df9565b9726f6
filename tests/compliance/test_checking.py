"""A frozen round held against announced runs: by night, told once, seen by those it concerns."""

from __future__ import annotations

import io
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from samspil.compliance import receivers
from samspil.compliance.domain import queries
from samspil.compliance.domain.checking import check_round, rounds_to_check
from samspil.compliance.domain.words import reason_words
from samspil.compliance.enums import Standing
from samspil.compliance.models import FollowUp, FollowUpChange, RoundCheck
from samspil.contracts.runs import RunsHarvested
from samspil.coordination.domain import overviews
from samspil.kernel import outbox, roles
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Forbidden, NotFound
from samspil.kernel.models import AuditEvent, Job, MailMessage
from samspil.kernel.tasks import tasks_for
from samspil.kernel.transitions import transition
from samspil.network.domain.actors import actor_for
from samspil.network.models import Organisation
from samspil.runs.enums import RUN_TRANSITIONS, RunStatus
from samspil.runs.models import CourseRun, RunTrace
from tests.factories.board import NOW, make_person, make_round
from tests.factories.compliance import (
    START,
    FrozenCase,
    announce,
    at,
    freeze,
    look,
    make_frozen,
    reopen,
)

pytestmark = pytest.mark.django_db
EARLY, LATE = date(2027, 3, 1), date(2027, 10, 20)


@pytest.fixture
def frozen() -> FrozenCase:
    return make_frozen()


def status(frozen: FrozenCase) -> dict[str, str]:
    """How all stand: course number and school's short name to standing."""
    return {
        f"{row.round_course.course.number} {row.organisation.short_name.split()[0]}": row.status
        for row in FollowUp.objects.current().select_related("round_course__course", "organisation")
    }


def look_at_all(frozen: FrozenCase, day: date) -> None:
    for row in frozen.case.rows:
        look(row.course, day)


def all_announced(frozen: FrozenCase) -> list[CourseRun]:
    schools = frozen.case.schools
    return [
        announce(frozen.own, schools[0], "A1"),
        announce(frozen.guaranteed, schools[0], "A2", is_guaranteed=True),
        announce(frozen.undated, schools[3], "A3"),
        announce(frozen.joint, schools[1], "A4"),
        announce(frozen.joint, schools[2], "A5"),
    ]


def test_the_year_of_a_round(frozen: FrozenCase) -> None:
    assert set(status_after(frozen, EARLY).values()) == {"pending"}
    look_at_all(frozen, LATE)
    assert set(status_after(frozen, LATE).values()) == {"missing"}
    all_announced(frozen)
    assert set(status_after(frozen, LATE).values()) == {"kept"}
    row = frozen.follow_up(frozen.own, 0)
    assert (row.announced, row.since, row.due_on) == (1, LATE, date(2027, 8, 17))
    history = [(c.before, c.after, c.on) for c in row.changes.order_by("pk")]
    assert history == [
        ("", "pending", EARLY), ("pending", "missing", LATE), ("missing", "kept", LATE),
    ]  # fmt: skip


def status_after(frozen: FrozenCase, day: date) -> dict[str, str]:
    frozen.check(day)
    return status(frozen)


def test_each_stands_by_itself(frozen: FrozenCase) -> None:
    look_at_all(frozen, LATE)
    schools = frozen.case.schools
    announce(frozen.own, schools[0], "A1", trace={"absent_on": date(2027, 9, 1),
                                                   "first_seen_on": date(2027, 9, 2)})  # fmt: skip
    announce(frozen.guaranteed, schools[0], "A2", is_guaranteed=True, status="cancelled")
    announce(frozen.joint, schools[1], "A4")
    announce(frozen.joint, schools[2], "A5", START + timedelta(days=7))
    announce(frozen.undated, schools[1], "X1")  # another school's run keeps nobody's promise
    frozen.check(LATE)
    wanted = {
        (frozen.own, 0): "late",
        (frozen.guaranteed, 0): "cancelled",
        (frozen.undated, 3): "missing",
        (frozen.joint, 1): "kept",
        (frozen.joint, 2): "drifted",
    }
    for (course, school), standing in wanted.items():
        row = frozen.follow_up(course, school)
        assert row.status == standing
        assert reason_words(row.reason).endswith(".")
    drifted = frozen.follow_up(frozen.joint, 2)
    assert reason_words(drifted.reason) == (
        "Annonceret til 21.–23. september 2027. "
        "Den udbydende skole har annonceret 14.–16. september 2027."
    )
    late = frozen.follow_up(frozen.own, 0)
    assert reason_words(late.reason) == (
        "Holdet 14. september 2027 var ikke annonceret 1. september 2027, men var det "
        "2. september 2027. Det skulle have været annonceret senest 17. august 2027."
    )
    broken = frozen.follow_up(frozen.guaranteed, 0)
    assert (broken.guarantee_status, broken.guaranteed_broken) == ("broken", 1)


def test_every_reason_has_words() -> None:
    import ast
    import inspect

    from samspil.compliance.domain import judging, outside, words

    tree = ast.parse(inspect.getsource(judging))
    standings = {standing.name for standing in Standing}
    codes = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Tuple) and len(node.elts) == 3:
            first, code = node.elts[0], node.elts[1]
            is_standing = isinstance(first, ast.Attribute) and first.attr in standings
            if is_standing and isinstance(code, ast.Constant):
                codes.add(code.value)
    assert len(codes) >= 15
    codes |= {outside.UNKNOWN, outside.SEVERAL, outside.NOWHERE}
    assert codes == set(words._WORDS)


def test_a_second_check_changes_nothing(frozen: FrozenCase) -> None:
    look_at_all(frozen, LATE)
    frozen.check(LATE)
    before = list(FollowUp.objects.order_by("pk").values())
    mails = MailMessage.objects.count()
    made = frozen.check(LATE)
    assert made.changed == 0
    assert list(FollowUp.objects.order_by("pk").values()) == before
    assert MailMessage.objects.count() == mails
    assert RoundCheck.objects.count() == 1
    assert AuditEvent.objects.filter(verb="compliance.check_round").count() == 2


def test_what_is_frozen_counts_not_the_board(frozen: FrozenCase) -> None:
    frozen.check(EARLY)
    case = frozen.case
    reopen(frozen)
    row = case.rows[0]
    row.commitments.filter(organisation=case.schools[0]).update(role="none")
    case.commit(row, 1, "own", runs=1)
    # opened again and never signed: nothing is agreed for this FKB at the moment
    frozen.check(EARLY + timedelta(days=1))
    assert not FollowUp.objects.current().exists()
    overviews.freeze_overview(actor=case.secretariat, now=NOW, round_fkb=case.fkb)
    frozen.check(EARLY + timedelta(days=2))
    assert frozen.follow_up(frozen.own, 1).is_current
    gone = frozen.follow_up(frozen.own, 0)
    assert not gone.is_current and gone.changes.count() == 1  # its history stays


def test_a_signed_agreement_holds_while_it_is_opened_again() -> None:
    from samspil.coordination.models import Agreement

    frozen = make_frozen()
    frozen.check(EARLY)
    from samspil.coordination.domain import agreements

    made = agreements.make_agreement(
        actor=frozen.case.secretariat, now=NOW, round_fkb=frozen.case.fkb
    )
    Agreement.objects.filter(pk=made.pk).update(status="signed")
    frozen.case.fkb.status = "open"
    frozen.case.fkb.save()
    frozen.check(EARLY)
    assert FollowUp.objects.current().count() == 5


def test_a_course_taken_out_of_the_duty_is_not_followed(frozen: FrozenCase) -> None:
    frozen.check(EARLY)
    row = frozen.case.rows[0]
    reopen(frozen)
    row.archived_reason = "Fritaget af ministeriet"
    row.save()
    overviews.freeze_overview(actor=frozen.case.secretariat, now=NOW, round_fkb=frozen.case.fkb)
    frozen.check(EARLY)
    assert not frozen.follow_up(frozen.own, 0).is_current


def test_nothing_frozen_nothing_checked() -> None:
    case = make_round()
    with pytest.raises(Conflict):
        check_round(actor=Actor.system("tests"), now=NOW, round=case.round)
    assert rounds_to_check(date(2027, 5, 1)) == []


def test_which_rounds_are_checked(frozen: FrozenCase) -> None:
    for day, count in (
        (date(2025, 12, 31), 0), (date(2026, 1, 1), 1), (date(2027, 6, 1), 1),
        (date(2028, 1, 31), 1), (date(2028, 2, 1), 0),
    ):  # fmt: skip
        assert len(rounds_to_check(day)) == count, day


def test_a_merged_school_keeps_the_promises(frozen: FrozenCase) -> None:
    case = frozen.case
    look_at_all(frozen, LATE)
    new = Organisation.objects.create(key="ny", name="Den nye skole")
    Organisation.objects.filter(pk=case.schools[3].pk).update(successor=new)
    announce(frozen.undated, new, "A3")
    frozen.check(LATE)
    row = FollowUp.objects.get(round_course__course=frozen.undated)
    assert (row.organisation, row.status) == (new, "kept")


def test_a_run_kept_here_counts_from_the_day_it_was_announced(frozen: FrozenCase) -> None:
    look_at_all(frozen, LATE)
    run = announce(frozen.own, frozen.case.schools[0], "", is_own=True, status="planned")
    RunTrace.objects.all().delete()
    assert status_after(frozen, LATE)[f"{frozen.own.number} Østby"] == "missing"
    transition(
        run,
        "announce",
        table=RUN_TRANSITIONS,
        actor=Actor.system("tests"),
        now=at(date(2027, 8, 20)),
    )
    frozen.check(LATE)
    row = frozen.follow_up(frozen.own, 0)
    assert (row.status, row.reason["first_seen_on"]) == ("late", "2027-08-20")


def test_a_run_cancelled_before_anybody_could_see_it_never_was(frozen: FrozenCase) -> None:
    look_at_all(frozen, LATE)
    announce(frozen.own, frozen.case.schools[0], "", is_own=True, status="cancelled")
    RunTrace.objects.all().delete()
    frozen.check(LATE)
    assert frozen.follow_up(frozen.own, 0).status == "missing"


def test_a_run_gone_from_the_search(frozen: FrozenCase) -> None:
    look_at_all(frozen, LATE)
    announce(frozen.own, frozen.case.schools[0], "A1", status=RunStatus.PLANNED,
             trace={"gone_on": date(2027, 5, 2)})  # fmt: skip
    frozen.check(LATE)
    row = frozen.follow_up(frozen.own, 0)
    assert (row.status, row.reason["code"]) == ("cancelled", "withdrawn")


# ---------------------------------------------------------------- told


def mails_to(person: Any) -> list[str]:
    return list(MailMessage.objects.filter(to=person.email).values_list("text", flat=True))


def test_those_who_must_act_are_told_once(frozen: FrozenCase) -> None:
    case = frozen.case
    look_at_all(frozen, LATE)
    all_announced(frozen)[0].delete()
    frozen.check(LATE)
    [text] = mails_to(case.people[0])
    assert f"{frozen.own.number} {frozen.own.title}: Mangler. Intet hold er annonceret." in text
    assert "I alt venter 1 aftale på jer." in text
    assert f"/opfoelgning/runde/{case.round.pk}/skole/{case.schools[0].pk}/?vis=act" in text
    assert len(mails_to(case.secretariat_person)) == 1
    for other in case.people[1:]:
        assert not mails_to(other)
    frozen.check(LATE + timedelta(days=1))  # still missing, a day older
    assert len(mails_to(case.people[0])) == 1
    # something else is wrong with it: that is new
    announce(frozen.own, case.schools[0], "A1", status="cancelled")
    frozen.check(LATE + timedelta(days=2))
    assert len(mails_to(case.people[0])) == 2
    # put right: nobody is bothered, and a relapse is told again
    announce(frozen.own, case.schools[0], "A9")
    frozen.check(LATE + timedelta(days=3))
    CourseRun.objects.filter(kviknummer="A9").delete()
    assert len(mails_to(case.people[0])) == 2
    frozen.check(LATE + timedelta(days=4))
    assert len(mails_to(case.people[0])) == 3


def test_a_broken_guarantee_is_told(frozen: FrozenCase) -> None:
    look_at_all(frozen, LATE)
    all_announced(frozen)
    announce(frozen.guaranteed, frozen.case.schools[0], "B2", is_guaranteed=True,
             status="cancelled")  # fmt: skip
    frozen.check(LATE)
    [text] = mails_to(frozen.case.people[0])
    assert "Garanti brudt. 1 garantihold er aflyst" in text


def test_nothing_to_act_on_no_mail(frozen: FrozenCase) -> None:
    look_at_all(frozen, LATE)
    all_announced(frozen)
    frozen.check(LATE)
    assert not MailMessage.objects.exists()


def test_mail_in_the_readers_language(frozen: FrozenCase) -> None:
    person = frozen.case.people[0]
    person.language = "en"
    person.save()
    look_at_all(frozen, LATE)
    frozen.check(LATE)
    [text] = mails_to(person)
    assert "Intet hold" not in text and "Kære" not in text


def test_a_roll_back_is_silent(frozen: FrozenCase, monkeypatch: pytest.MonkeyPatch) -> None:
    look_at_all(frozen, LATE)

    def fails(*args: Any, **kwargs: Any) -> None:
        raise RuntimeError("midway")

    monkeypatch.setattr("samspil.compliance.domain.checking.record", fails)
    with pytest.raises(RuntimeError):
        frozen.check(LATE)
    assert not MailMessage.objects.exists()
    assert not FollowUp.objects.exists() and not Job.objects.filter(kind="mail.deliver").exists()


def test_tasks(frozen: FrozenCase) -> None:
    case = frozen.case
    look_at_all(frozen, LATE)
    frozen.check(LATE)

    def titles(actor: Actor) -> list[str]:
        return [
            t.title for t in tasks_for(actor, LATE) if "2027" in t.title and "aftale" in t.title
        ]

    assert titles(case.coordinator(0)) == ["2 aftaler for 2027 er ikke annonceret som aftalt"]
    assert titles(case.coordinator(1)) == ["1 aftale for 2027 er ikke annonceret som aftalt"]
    assert titles(case.secretariat) == ["5 aftaler for 2027 holdes ikke, som de skal"]
    reader = make_person("Læser", roles.READER, network=case.network)
    assert titles(actor_for(reader, today=LATE)) == []


# ---------------------------------------------------------------- the worker


def test_by_night_and_when_runs_come_in(frozen: FrozenCase) -> None:
    receivers.check_all({"on": "2027-03-01"}, now=at(EARLY))
    outbox.publish(RunsHarvested(looked_on="2027-03-01"), now=at(EARLY))
    assert Job.objects.filter(kind="compliance.runs_harvested").count() == 1
    receivers.runs_harvested({"looked_on": "2027-03-01"}, now=at(EARLY))
    jobs = list(Job.objects.filter(kind="compliance.check_round"))
    assert len(jobs) == 2
    for job in jobs:
        receivers.check(job.payload, now=at(EARLY))
    assert FollowUp.objects.count() == 5
    assert FollowUpChange.objects.count() == 5
    receivers.check({"round": 0}, now=at(EARLY))  # gone meanwhile
    assert outbox.NIGHTLY["compliance.check_all"] == 5


def test_only_the_secretariat_checks(frozen: FrozenCase) -> None:
    frozen.check(EARLY, frozen.case.secretariat)
    for actor in (frozen.case.coordinator(), make_round(fkb="9333").secretariat):
        with pytest.raises(Forbidden):
            frozen.check(EARLY, actor)


# ---------------------------------------------------------------- who sees what


def test_a_school_sees_its_own(frozen: FrozenCase) -> None:
    case = frozen.case
    look_at_all(frozen, LATE)
    frozen.check(LATE)
    mine = queries.picture(case.coordinator(0), case.round.pk)
    assert [line.school for line in mine.schools] == [case.schools[0]]
    assert mine.tally.all == 2 and not mine.sees_all
    whole = queries.picture(case.secretariat, case.round.pk)
    assert whole.tally.all == 5 and whole.sees_all
    with pytest.raises(NotFound):
        queries.get_school(case.coordinator(0), case.round.pk, case.schools[1].pk)
    with pytest.raises(NotFound):
        queries.story(case.coordinator(1), frozen.follow_up(frozen.own, 0).pk)
    with pytest.raises(NotFound):
        queries.course(case.coordinator(1), case.round.pk, case.rows[0].pk)
    _round, rows = queries.export_rows(case.coordinator(2), case.round.pk)
    assert [row.organisation for row in rows] == [case.schools[2]]
    outside = make_round(fkb="9333")
    with pytest.raises(NotFound):
        queries.picture(outside.secretariat, case.round.pk)


def test_a_reader_of_the_network_sees_the_board_and_no_marks(frozen: FrozenCase) -> None:
    frozen.check(EARLY)
    reader = actor_for(
        make_person("Læser", roles.READER, network=frozen.case.network), today=NOW.date()
    )
    assert queries.picture(reader, frozen.case.round.pk).tally.all == 0
    assert queries.rounds_of(reader) == []


def test_a_follower_sees_the_holders_runs(frozen: FrozenCase) -> None:
    announce(frozen.joint, frozen.case.schools[1], "A4")
    frozen.check(EARLY)
    told = queries.story(frozen.case.coordinator(2), frozen.follow_up(frozen.joint, 2).pk)
    assert [run.kviknummer for run in told.joint] == ["A4"]


def test_the_rate_of_guarantees() -> None:
    assert queries.Rate().percent is None
    assert queries.Rate(2, 1).percent == 66
    assert queries.Rate(0, 3).percent == 0


# ---------------------------------------------------------------- pages


@pytest.fixture
def told(frozen: FrozenCase) -> FrozenCase:
    look_at_all(frozen, LATE)
    all_announced(frozen)[2].delete()
    frozen.check(LATE)
    return frozen


def test_the_pages_of_the_secretariat(told: FrozenCase, client: Client) -> None:
    case = told.case
    client.force_login(case.secretariat_person)
    base = f"/opfoelgning/runde/{case.round.pk}/"
    index = client.get("/opfoelgning/").content.decode()
    assert "Opfølgning 2027" in index and "Kontrollér nu" in index
    assert case.schools[3].name in index
    listed = client.get(f"{base}skole/{case.schools[3].pk}/?vis=act").content.decode()
    assert "Intet hold er annonceret" in listed
    assert (
        "Ingen aftaler passer"
        in client.get(f"{base}skole/{case.schools[0].pk}/?vis=act&q=x").content.decode()
    )
    courses = client.get(f"{base}maal/?vis=act").content.decode()
    assert told.undated.number in courses and told.own.number not in courses
    assert told.guaranteed.number in client.get(f"{base}maal/?vis=guarantee").content.decode()
    one = client.get(f"{base}maal/{case.rows[3].pk}/").content.decode()
    assert "Skolevej 1, 8000 Aarhus C" in one and "Følger" in one
    story = client.get(f"/opfoelgning/aftale/{told.follow_up(told.joint, 2).pk}/").content.decode()
    assert "Den udbydende skoles hold" in story and "17. august 2027" in story
    assert client.get(f"{base}kontroller/").status_code == 405


def test_check_now(frozen: FrozenCase, client: Client) -> None:
    client.force_login(frozen.case.secretariat_person)
    answered = client.post(f"/opfoelgning/runde/{frozen.case.round.pk}/kontroller/", follow=True)
    assert "Kontrolleret. 5 aftaler er ændret." in answered.content.decode()
    client.force_login(frozen.case.people[0])
    assert client.post(f"/opfoelgning/runde/{frozen.case.round.pk}/kontroller/").status_code == 403
    page = client.get("/opfoelgning/").content.decode()
    assert "Kontrollér nu" not in page and frozen.case.schools[1].name not in page


def test_a_page_without_anything(client: Client) -> None:
    case = make_round()
    client.force_login(case.people[0])
    assert "Intet at følge op på endnu" in client.get("/opfoelgning/").content.decode()
    client.force_login(case.secretariat_person)
    base = f"/opfoelgning/runde/{case.round.pk}/"
    assert "Intet at følge op på" in client.get(base).content.decode()
    assert "Ingen mål passer" in client.get(f"{base}maal/").content.decode()
    refused = client.post(f"{base}kontroller/", follow=True).content.decode()
    assert "ingen låst oversigt" in refused


def test_the_list_as_excel(told: FrozenCase, client: Client) -> None:
    client.force_login(told.case.secretariat_person)
    answered = client.get(f"/opfoelgning/runde/{told.case.round.pk}/opfoelgning.xlsx")
    rows = list(load_workbook(io.BytesIO(answered.content)).active.iter_rows(values_only=True))
    assert rows[3][:4] == ("FKB", "Mål", "Titel", "Skole")
    assert len(rows) == 9 and "konstrueret eksempel" in rows[1][0]
    missing = next(row for row in rows if row[1] == told.undated.number)
    assert (missing[10], missing[9].date()) == ("Mangler", date(2027, 10, 1))


def test_a_title_that_looks_like_a_formula_is_text(told: FrozenCase, client: Client) -> None:
    type(told.own).objects.filter(pk=told.own.pk).update(title='=HYPERLINK("http://x")')
    client.force_login(told.case.secretariat_person)
    answered = client.get(f"/opfoelgning/runde/{told.case.round.pk}/opfoelgning.xlsx")
    sheet = load_workbook(io.BytesIO(answered.content)).active
    assert all(cell.data_type != "f" for row in sheet.iter_rows() for cell in row)


@pytest.mark.parametrize("page", ["", "maal/", "skole/{school}/"])
def test_lists_cost_the_same_however_long(client: Client, page: str) -> None:
    counted = []
    for fkb, courses in (("9222", 4), ("9333", 12)):
        case = make_round(status="signing", schools=4, courses=courses, fkb=fkb)
        for row in case.rows[4:]:
            case.commit(row, 0, "own", runs=1)
        frozen = freeze(case)
        all_announced_in = announce(frozen.own, case.schools[0], f"A{fkb}")
        assert all_announced_in.pk
        frozen.check(EARLY)
        client.force_login(case.secretariat_person)
        url = f"/opfoelgning/runde/{case.round.pk}/{page.format(school=case.schools[0].pk)}"
        with CaptureQueriesContext(connection) as captured:
            assert client.get(url).status_code == 200
        counted.append(len(captured))
    assert counted[0] == counted[1]
