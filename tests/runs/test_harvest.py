"""Harvests: taken in whole or not at all, with what is new, gone and changed."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction
from django.test import Client

from samspil.catalogue.models import Course
from samspil.kernel import clock, outbox
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Forbidden, Invalid
from samspil.kernel.models import AuditEvent, Job
from samspil.network.models import Organisation
from samspil.runs import receivers
from samspil.runs.domain import harvest, harvest_queries
from samspil.runs.domain.harvest import Answer, Trouble
from samspil.runs.enums import RunStatus
from samspil.runs.interfaces import harvest_client
from samspil.runs.interfaces.harvest_client import Limits
from samspil.runs.interfaces.harvest_records import read_page
from samspil.runs.interfaces.harvest_words import trouble_words
from samspil.runs.models import (
    CourseLook,
    CourseRun,
    Harvest,
    HarvestPage,
    RunChange,
    RunTrace,
)
from tests.factories.board import RoundCase, make_round
from tests.factories.search import record
from tests.support.search_server import Asked, Reply, SearchServer, page_of

pytestmark = pytest.mark.django_db
SYSTEM = Actor.system("tests")
DAY = date(2026, 8, 4)


@pytest.fixture
def course() -> Course:
    Organisation.objects.create(key="a", name="Prøveskolen", short_name="Prøve")
    Organisation.objects.create(key="b", name="Naboskolen", short_name="Nabo")
    return Course.objects.create(number="22906", title="Asbest", duration_days=2)


def at(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 2, tzinfo=UTC)


def answer(
    *records: dict[str, Any], on: date = DAY, courses: tuple[str, ...] = ("22906",), **values: Any
) -> Answer:
    rows = read_page(json.dumps({"holdCardDtos": list(records)}).encode(), page=1)
    return Answer(on, courses, [{**row, "course": courses[0]} for row in rows], **values)


def take(*records: dict[str, Any], on: date = DAY, **values: Any) -> Harvest:
    return harvest.take_in_file(actor=SYSTEM, now=at(on), answer=answer(*records, on=on), **values)


def told(on: date) -> set[tuple[str, str]]:
    return set(RunChange.objects.filter(on=on).values_list("kind", "kviknummer"))


def test_the_first_time_all_are_new(course: Course) -> None:
    made = take(record("A1"), record("A2", institution="Naboskolen"))
    assert (made.status, made.runs, made.new, made.gone, made.changed) == ("done", 2, 2, 0, 0)
    run = CourseRun.objects.get(kviknummer="A1")
    assert (run.course, run.organisation.key, run.starts_on) == (course, "a", date(2026, 9, 14))
    assert (run.seen_on, run.status, run.street) == (DAY, RunStatus.ANNOUNCED, "Skolevej 1")
    assert told(DAY) == {("new", "A1"), ("new", "A2")}
    assert RunTrace.objects.get(run=run).absent_on is None  # nobody had looked before
    assert CourseLook.objects.get(course=course).looked_on == DAY
    assert AuditEvent.objects.filter(verb="runs.take_in_harvest").count() == 1


def test_what_is_new_gone_and_changed_the_next_day(course: Course) -> None:
    take(record("A1"), record("A2"), record("A3"))
    next_day = DAY + timedelta(days=1)
    made = take(
        record("A1", startDate="2026-09-21", endDate="2026-09-22", currentParticipantAmount=9),
        record("A2", currentParticipantAmount=7),
        record("A4", institution="Naboskolen"),
        on=next_day,
    )
    assert (made.new, made.gone, made.changed) == (1, 1, 1)
    assert told(next_day) == {
        ("changed", "A1"), ("numbers", "A2"), ("gone", "A3"), ("new", "A4"),
    }  # fmt: skip
    fields = {f[0]: f[1:] for f in RunChange.objects.get(kviknummer="A1", on=next_day).fields}
    assert fields == {
        "starts_on": ["2026-09-14", "2026-09-21"],
        "ends_on": ["2026-09-15", "2026-09-22"],
        "enrolled": [4, 9],
    }
    gone = CourseRun.objects.get(kviknummer="A3")
    assert gone.trace.gone_on == next_day
    assert gone.status == RunStatus.PLANNED  # not to be found by anybody any more
    assert gone not in CourseRun.objects.announced()
    new = RunTrace.objects.get(run__kviknummer="A4")
    assert (new.first_seen_on, new.absent_on) == (next_day, DAY)


def test_the_same_answer_twice_changes_nothing(course: Course) -> None:
    take(record("A1"))
    again = take(record("A1"), on=DAY + timedelta(days=1))
    assert (again.new, again.gone, again.changed) == (0, 0, 0)
    assert not told(DAY + timedelta(days=1))
    assert CourseRun.objects.get().seen_on == DAY + timedelta(days=1)


def test_a_run_that_comes_back(course: Course) -> None:
    take(record("A1"), record("A2"))
    take(record("A2"), on=DAY + timedelta(days=1))
    take(record("A1"), record("A2"), on=DAY + timedelta(days=2))
    assert told(DAY + timedelta(days=2)) == {("back", "A1")}
    run = CourseRun.objects.get(kviknummer="A1")
    assert (run.status, run.trace.gone_on) == (RunStatus.ANNOUNCED, None)


def test_a_run_that_has_begun_is_not_gone(course: Course) -> None:
    take(record("A1", startDate="2026-08-05", endDate="2026-08-06"), record("A2"))
    made = take(record("A2"), on=date(2026, 8, 5))
    assert made.gone == 0
    assert CourseRun.objects.get(kviknummer="A1").status == RunStatus.ANNOUNCED


def test_a_run_past_its_deadline_is_gone_but_not_withdrawn(course: Course) -> None:
    take(record("A1", tilmeldingsFrist="2026-08-04"), record("A2"))
    take(record("A2"), on=date(2026, 8, 5))
    run = CourseRun.objects.get(kviknummer="A1")
    assert (run.status, run.trace.gone_on) == (RunStatus.ANNOUNCED, date(2026, 8, 5))


def test_a_cancelled_run_is_a_change(course: Course) -> None:
    take(record("A1"))
    take(record("A1", aflyst=True), on=DAY + timedelta(days=1))
    assert CourseRun.objects.get().status == RunStatus.CANCELLED
    assert RunChange.objects.get(kind="changed").fields == [["status", "announced", "cancelled"]]


def test_a_run_that_is_kept_here_is_its_schools_own(course: Course) -> None:
    take(record("A1"), record("A2"))
    CourseRun.objects.filter(kviknummer="A1").update(is_own=True, city="Skanderborg")
    take(record("A1", currentParticipantAmount=9, lokationSted="Hinnerup"), record("A2"),
         on=DAY + timedelta(days=1))  # fmt: skip
    run = CourseRun.objects.get(kviknummer="A1")
    assert (run.city, run.enrolled) == ("Skanderborg", 9)
    take(record("A2"), on=DAY + timedelta(days=2))
    run.refresh_from_db()
    assert run.status == RunStatus.ANNOUNCED  # what became of it is told here, by its school
    assert ("gone", "A1") in told(DAY + timedelta(days=2))


def test_an_unknown_school_is_left_out_and_told(course: Course) -> None:
    made = take(record("A1"), record("X1", institution="Ukendt Skole"))
    assert (made.runs, made.skipped) == (1, 1)
    assert made.notes[0].startswith("X1: Skolen »Ukendt Skole« kender vi ikke.")
    # It is there though we can't read it, so a run that we know isn't taken for gone.
    take(record("A1", institution="Ukendt Skole"), on=DAY + timedelta(days=1))
    assert not RunChange.objects.filter(kind="gone").exists()


def test_most_runs_are_not_gone_overnight(course: Course) -> None:
    many = [record(f"A{i}") for i in range(50)]
    take(*many)
    before = set(CourseRun.objects.values_list("kviknummer", "version", "status"))
    with pytest.raises(Trouble) as raised:
        take(*many[:20], on=DAY + timedelta(days=1))
    assert "mangler 30 af de 50 hold" in trouble_words(raised.value)
    assert set(CourseRun.objects.values_list("kviknummer", "version", "status")) == before
    assert CourseLook.objects.get().looked_on == DAY
    assert Harvest.objects.count() == 1
    made = take(*many[:20], on=DAY + timedelta(days=1), accepts_fewer=True)
    assert made.gone == 30


def test_other_courses_are_left_alone(course: Course) -> None:
    Course.objects.create(number="44444", title="Andet")
    take(record("A1"))
    other = answer(record("B1"), courses=("44444",), on=DAY + timedelta(days=1))
    harvest.take_in_file(actor=SYSTEM, now=at(DAY), answer=other)
    assert CourseRun.objects.get(kviknummer="A1").status == RunStatus.ANNOUNCED
    assert told(DAY + timedelta(days=1)) == {("new", "B1")}


def test_a_list_that_is_not_whole_lets_nothing_go(course: Course) -> None:
    take(record("A1"), record("A2"))
    part = answer(record("A2", lokationSted="Hinnerup"), is_whole=False, on=DAY + timedelta(days=1))
    made = harvest.take_in_file(actor=SYSTEM, now=at(DAY), answer=part)
    assert (made.changed, made.gone) == (1, 0)
    assert CourseLook.objects.get().looked_on == DAY


def test_runs_read_in_before_anybody_looked(course: Course) -> None:
    school = Organisation.objects.get(key="a")
    earlier = {
        "course": course,
        "organisation": school,
        "capacity": 20,
        "seen_on": date(2026, 7, 1),
    }
    CourseRun.objects.create(kviknummer="A1", starts_on=date(2026, 9, 14),
                             ends_on=date(2026, 9, 15), **earlier)  # fmt: skip
    CourseRun.objects.create(kviknummer="A9", starts_on=date(2026, 10, 1),
                             ends_on=date(2026, 10, 1), **earlier)  # fmt: skip
    take(record("A1"))
    assert RunTrace.objects.get(run__kviknummer="A1").first_seen_on == date(2026, 7, 1)
    assert ("gone", "A9") in told(DAY)


def test_history_is_kept_for_so_long(course: Course, settings: Any) -> None:
    settings.SAMSPIL_HARVEST_KEEP_DAYS = 2
    take(record("A1"))
    take(record("A1"), record("A2"), on=DAY + timedelta(days=2))
    assert told(DAY) == {("new", "A1")}
    take(record("A1"), record("A2"), on=DAY + timedelta(days=3))
    assert not told(DAY)
    assert told(DAY + timedelta(days=2)) == {("new", "A2")}


# ---------------------------------------------------------------- asked for, by day and by night


@pytest.fixture
def case() -> RoundCase:
    return make_round(fkb="9222")


def test_asked_for_once_however_often(case: RoundCase, settings: Any, now: datetime) -> None:
    settings.SAMSPIL_HARVEST_URL = "http://127.0.0.1:1/{course}/{page}"
    asked = harvest.request_harvest(actor=case.secretariat, now=now)
    with pytest.raises(Conflict):
        harvest.request_harvest(actor=case.secretariat, now=now)
    assert Job.objects.filter(kind="runs.harvest").count() == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        Harvest.objects.create(asked_by="x", asked_at=now)  # the table itself says so
    later = now + timedelta(hours=1)  # its worker is long dead
    assert harvest.request_harvest(actor=case.secretariat, now=later).pk != asked.pk
    asked.refresh_from_db()
    assert (asked.status, asked.problem) == ("failed", {"code": "lost"})


def test_without_an_address_nothing_is_asked(case: RoundCase, now: datetime) -> None:
    with pytest.raises(Invalid):
        harvest.request_harvest(actor=case.secretariat, now=now)
    receivers.harvest_nightly({"on": "2026-03-02"}, now=now)
    assert not Harvest.objects.exists()


def test_a_school_does_not_fetch(case: RoundCase, settings: Any, now: datetime) -> None:
    settings.SAMSPIL_HARVEST_URL = "http://127.0.0.1:1/{course}/{page}"
    with pytest.raises(Forbidden):
        harvest.request_harvest(actor=case.coordinator(), now=now)
    with pytest.raises(Forbidden):
        harvest.take_in_file(actor=case.coordinator(), now=now, answer=answer())


class Search:
    """The search behind the worker: what it has, and whether it has fallen over."""

    def __init__(self) -> None:
        self.records: list[dict[str, Any]] = [record("A1")]
        self.dies_on_page = 0
        self.status = 200

    def __call__(self, asked: Asked) -> Reply:
        if self.status != 200:
            return Reply(self.status)
        start = (asked.page - 1) * 2
        reply = page_of(self.records[start : start + 2])
        if asked.page == self.dies_on_page:
            reply.cut = 10
        reply.headers["ETag"] = f'"{hash(reply.body)}"'
        if asked.headers.get("if-none-match") == reply.headers["ETag"]:
            return Reply(304)
        return reply


@pytest.fixture
def search(settings: Any, monkeypatch: pytest.MonkeyPatch, course: Course) -> Any:
    for name in (
        "http_proxy",
        "https_proxy",
        "all_proxy",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
    ):
        monkeypatch.delenv(name, raising=False)
    quick = Limits(read=1, attempts=2, first_wait=0, pause=0)
    real = receivers.SearchClient
    monkeypatch.setattr(receivers, "SearchClient", lambda *a, **kw: real(*a, limits=quick, **kw))
    monkeypatch.setattr(receivers.harvests, "courses_to_follow", lambda today: ["22906"])
    behind = Search()
    with SearchServer(behind) as server:
        settings.SAMSPIL_HARVEST_URL = server.address
        yield behind


def tonight(monkeypatch: pytest.MonkeyPatch, day: date) -> Harvest:
    """A night of the worker: asked for and fetched. The handlers are called as the outbox does."""
    now = at(day)
    monkeypatch.setattr(clock, "now", lambda: now)
    Job.objects.all().delete()
    receivers.harvest_nightly({"on": day.isoformat()}, now=now)
    for job in Job.objects.filter(kind="runs.harvest"):
        outbox.HANDLERS["runs.harvest"](job.payload, now=now)
    return Harvest.objects.first()  # type: ignore[return-value]


def test_two_nights(search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    search.records = [record("A1"), record("A2"), record("A3")]
    first = tonight(monkeypatch, DAY)
    assert (first.status, first.runs, first.pages, first.unchanged_pages) == ("done", 3, 3, 0)
    assert HarvestPage.objects.count() == 3
    search.records = [record("A1"), record("A2")]
    second = tonight(monkeypatch, DAY + timedelta(days=1))
    assert (second.gone, second.pages, second.unchanged_pages) == (1, 2, 1)
    third = tonight(monkeypatch, DAY + timedelta(days=2))
    assert (third.runs, third.new, third.gone, third.unchanged_pages) == (2, 0, 0, 2)
    assert CourseLook.objects.get().looked_on == DAY + timedelta(days=2)
    assert Job.objects.filter(kind="compliance.runs_harvested").count() <= 1


@pytest.mark.parametrize("way", ["status", "dies", "broken", "field"])
def test_a_night_that_fails_leaves_what_there_was(
    search: Search, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    search.records = [record("A1"), record("A2"), record("A3")]
    tonight(monkeypatch, DAY)
    before = list(CourseRun.objects.order_by("pk").values())
    search.records = [record("A1", lokationSted="Hinnerup"), record("A2"), record("A4")]
    match way:
        case "status":
            search.status = 503
        case "dies":
            search.dies_on_page = 2
        case "broken":
            search.records[2] = "ikke et hold"  # type: ignore[call-overload]
        case "field":
            del search.records[2]["startDate"]
    failed = tonight(monkeypatch, DAY + timedelta(days=1))
    assert failed.status == "failed" and failed.problem["code"] != "fault"
    assert list(CourseRun.objects.order_by("pk").values()) == before
    assert not told(DAY + timedelta(days=1))
    again = Job.objects.get(kind="runs.harvest_nightly")
    assert again.payload == {"attempt": 2}
    assert again.run_at == at(DAY + timedelta(days=1)) + timedelta(hours=1)


def test_other_work_comes_in_between(search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    search.records = [record("A1"), record("A2"), record("A3")]
    hasty = Limits(read=1, attempts=2, first_wait=0, pause=0, budget=-1)
    monkeypatch.setattr(
        receivers,
        "SearchClient",
        lambda *a, **kw: harvest_client.SearchClient(*a, limits=hasty, alive=kw["alive"]),
    )
    first = tonight(monkeypatch, DAY)
    assert (first.status, CourseRun.objects.count()) == ("waiting", 0)
    for _slice in range(2):
        [job] = Job.objects.filter(kind="runs.harvest", pk__gt=0).order_by("-pk")[:1]
        outbox.HANDLERS["runs.harvest"](job.payload, now=at(DAY))
    first.refresh_from_db()
    assert (first.status, first.runs, first.pages) == ("done", 3, 3)


def test_a_night_is_tried_three_times(search: Search, monkeypatch: pytest.MonkeyPatch) -> None:
    search.status = 503
    now = at(DAY)
    monkeypatch.setattr(clock, "now", lambda: now)
    receivers.harvest_nightly({"on": DAY.isoformat()}, now=now)
    for _night in range(6):
        for job in Job.objects.order_by("pk"):
            Job.objects.filter(pk=job.pk).delete()
            outbox.HANDLERS[job.kind](job.payload, now=now)
    assert Harvest.objects.filter(status="failed").count() == 3


def test_two_workers_do_not_fetch_at_once(
    search: Search, monkeypatch: pytest.MonkeyPatch, now: datetime
) -> None:
    asked = harvest.request_harvest(actor=SYSTEM, now=now)
    begun = harvest.begin_harvest(actor=SYSTEM, now=now, harvest_id=asked.pk)
    Job.objects.all().delete()
    receivers.harvest({"harvest": asked.pk}, now=now)  # the second worker
    later = Job.objects.get(kind="runs.harvest")
    assert begun.lease_until is not None and later.run_at > begun.lease_until
    # The first has died: after its lease the second takes over.
    monkeypatch.setattr(clock, "now", lambda: later.run_at)
    receivers.harvest({"harvest": asked.pk}, now=later.run_at)
    assert Harvest.objects.get().status == "done"
    with pytest.raises(Trouble):  # and the first finds out, should it only have slept
        harvest.stay_alive(begun, now=later.run_at)


def test_what_is_followed(case: RoundCase, course: Course) -> None:
    numbers = {row.course.number for row in case.rows}
    assert set(harvest.courses_to_follow(date(2027, 5, 1))) == numbers
    assert harvest.courses_to_follow(date(2028, 1, 1)) == []
    take(record("A1", startDate="2026-12-01", endDate="2026-12-02"))
    assert "22906" in harvest.courses_to_follow(DAY)


# ---------------------------------------------------------------- pages


@pytest.fixture
def keeper(case: RoundCase, client: Client) -> Client:
    client.force_login(case.secretariat_person)
    return client


def test_the_page_tells_what_changed(
    keeper: Client, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: at(DAY + timedelta(days=1)))
    take(record("A1"), record("A2"))
    take(record("A1", garantiKursus=True), record("A2", institution="Naboskolen"),
         on=DAY + timedelta(days=1))  # fmt: skip
    page = keeper.get("/hold/aendret/").content.decode()
    assert "Garanti: nej → ja" in page
    assert "Skole: Prøve → Nabo" in page
    assert "5. august 2026" in page and "4. august 2026" in page
    only = keeper.get("/hold/aendret/?vis=changed&skole=a&q=229").content.decode()
    assert "Garanti: nej → ja" in only and "Skole: Prøve → Nabo" not in only
    assert "Ingen ændringer" in keeper.get("/hold/aendret/?vis=gone").content.decode()
    assert keeper.get("/hold/aendret/?dage=x&vis=1&side=ø").status_code == 200


def test_pages_cost_the_same_however_many(
    keeper: Client, course: Course, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clock, "now", lambda: at(DAY))
    take(record("A1"))
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    keeper.get("/hold/aendret/")  # what is remembered from page to page
    with CaptureQueriesContext(connection) as one:
        keeper.get("/hold/aendret/")
    take(*[record(f"A{i}", institution="Naboskolen") for i in range(1, 9)])
    keeper.get("/konto/")  # the menu counts what waits, once after a change
    with CaptureQueriesContext(connection) as many:
        keeper.get("/hold/aendret/")
    assert len(one) == len(many)


def test_fetch_now(keeper: Client, settings: Any) -> None:
    assert "Hent nu" not in keeper.get("/hold/aendret/").content.decode()
    settings.SAMSPIL_HARVEST_URL = "http://127.0.0.1:1/{course}/{page}"
    assert "Hent nu" in keeper.get("/hold/aendret/").content.decode()
    assert keeper.get("/hold/hent/").status_code == 405
    answered = keeper.post("/hold/hent/", follow=True).content.decode()
    assert "Holdene bliver hentet nu" in answered
    twice = keeper.post("/hold/hent/", follow=True).content.decode()
    assert "Holdene bliver hentet allerede" in twice
    assert Harvest.objects.count() == 1


def test_a_doubtful_answer_is_asked_about(keeper: Client, settings: Any, now: datetime) -> None:
    settings.SAMSPIL_HARVEST_URL = "http://127.0.0.1:1/{course}/{page}"
    asked = harvest.request_harvest(actor=SYSTEM, now=now)
    harvest.fail_harvest(
        actor=SYSTEM, now=now, harvest=asked, trouble=Trouble("fewer", was=50, gone=40, now=10)
    )
    page = keeper.get("/hold/aendret/").content.decode()
    assert "mangler 40 af de 50 hold" in page and "mange hold er væk" in page
    keeper.post("/hold/hent/", {"accepts_fewer": "on"})
    assert Harvest.objects.get(status="waiting").accepts_fewer


def upload(client: Client, content: bytes, name: str, **values: str) -> str:
    file = SimpleUploadedFile(name, content)
    return client.post("/hold/hent/fil/", {"file": file, **values}, follow=True).content.decode()


def test_a_fetch_as_a_file(keeper: Client, course: Course) -> None:
    content = json.dumps({"holdCardDtos": [record("A1")]}).encode()
    assert "Skriv fagnummeret" in upload(keeper, content, "hold.json")
    assert not CourseRun.objects.exists()
    page = upload(keeper, content, "hold.json", course="22906", is_whole="on")
    assert "1 hold læst: 1 nye, 0 væk, 0 ændret." in page
    listed = "kviknummer;fagnummer;skole;start;pladser\nA2;22.906;Naboskolen;14-09-2027;20\n"
    page = upload(keeper, listed.encode("cp1252"), "hold.csv")
    assert "1 hold læst: 1 nye" in page
    assert set(CourseRun.objects.values_list("kviknummer", flat=True)) == {"A1", "A2"}


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'{"holdCardDtos": [', "ikke gyldig JSON"),
        (b'{"holdCardDtos": [{}]}', "mangler feltet »kviknummer«"),
        (b"a;b\n1;2\n", "kan ikke finde en liste over hold"),
        (b"kviknummer;skole\nA1;X\n", "ingen kolonne, der er læst som"),
        (b"\x00\x01\x02" * 50, "Filen"),
    ],
)
def test_a_file_that_is_none(keeper: Client, course: Course, content: bytes, sentence: str) -> None:
    page = upload(keeper, content, "hold.csv", course="22906")
    assert sentence in page
    assert not CourseRun.objects.exists() and not Harvest.objects.exists()


def test_a_school_sees_the_history_and_fetches_nothing(
    case: RoundCase, client: Client, course: Course, settings: Any
) -> None:
    settings.SAMSPIL_HARVEST_URL = "http://127.0.0.1:1/{course}/{page}"
    client.force_login(case.people[0])
    page = client.get("/hold/aendret/").content.decode()
    assert "Hent nu" not in page and "Læg en fil ind" not in page
    assert client.post("/hold/hent/").status_code == 403
    assert client.get("/hold/hent/fil/").status_code == 403


def test_how_it_stands(course: Course) -> None:
    assert harvest_queries.standing() == harvest_queries.Standing(None, None, None)
    good = take(record("A1"))
    assert harvest_queries.standing().good == good
