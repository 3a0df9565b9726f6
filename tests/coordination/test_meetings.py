"""The coordination meeting: the order of the gaps, decisions, undo, minutes, tasks, the live answer."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from datetime import date, timedelta
from typing import Any

import pypdf
import pytest
from django.test import Client
from django.urls import reverse

from samspil.catalogue.enums import RelationKind
from samspil.config.live import meeting_first
from samspil.coordination.domain import archive, board, meeting_queries, meetings
from samspil.coordination.domain.answers import When
from samspil.coordination.enums import DecisionKind
from samspil.coordination.interfaces import meeting_live
from samspil.coordination.models import (
    Commitment,
    ExternalAgreement,
    Meeting,
    MeetingDecision,
    MeetingTask,
    Round,
    RoundCourse,
    RoundFkb,
)
from samspil.kernel import clock, outbox
from samspil.kernel.errors import Conflict, Forbidden, Invalid
from samspil.kernel.models import AuditEvent
from samspil.kernel.tasks import tasks_for
from tests.factories.board import NOW, RoundCase, make_round

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@pytest.fixture
def case() -> RoundCase:
    return make_round(schools=3, courses=4)


@pytest.fixture
def meeting(case: RoundCase) -> Meeting:
    return meetings.begin_meeting(actor=case.secretariat, now=NOW, round=case.round)


def lead(case: RoundCase, **more: Any) -> dict[str, Any]:
    return {"actor": case.secretariat, "now": NOW, **more}


def numbers(case: RoundCase) -> list[str]:
    return [gap.number for gap in meeting_queries.gaps_in_order(case.round)]


# ---------------------------------------------------------------- the order


def test_the_order_is_duty_then_demand_then_how_long(case: RoundCase) -> None:
    rows = case.rows
    for row, relation, activity in (
        (rows[0], RelationKind.CORE, 5),
        (rows[1], "attached", 500),  # most learners, but no core course
        (rows[2], RelationKind.CORE, 40),
        (rows[3], RelationKind.CORE, 5),
    ):
        RoundCourse.objects.filter(pk=row.pk).update(relation=relation, activity=activity)
    last = Round.objects.create(
        network=case.network,
        year=case.round.year - 1,
        status="closed",
        forms_due_on=NOW.date(),
        meeting_on=NOW.date(),
        signed_by_on=NOW.date(),
        created_at=NOW,
    )
    place = RoundFkb.objects.create(round=last, fkb=case.fkb.fkb)
    RoundCourse.objects.create(round_fkb=place, course=rows[3].course, relation="core")
    taken = RoundCourse.objects.create(round_fkb=place, course=rows[0].course, relation="core")
    case.commit(taken, 0, "own", runs=1)
    found = meeting_queries.gaps_in_order(case.round)
    wanted = [rows[2], rows[3], rows[0], rows[1]]
    assert [gap.row_id for gap in found] == [row.pk for row in wanted]
    assert [gap.uncovered for gap in found] == [0, 1, 0, 0]
    assert "uden udbyder 2. runde i træk" in found[1].reasons


def test_a_round_that_was_copied_looks_back_along_its_copies(case: RoundCase) -> None:
    earlier = make_round(fkb="9333", courses=1, year=2020)
    Round.objects.filter(pk=earlier.round.pk).update(network=case.network)
    case.round.copied_from = earlier.round
    case.round.save()
    place = RoundFkb.objects.create(round=earlier.round, fkb=case.fkb.fkb)
    RoundCourse.objects.create(round_fkb=place, course=case.rows[0].course, relation="core")
    by_row = {gap.row_id: gap.uncovered for gap in meeting_queries.gaps_in_order(case.round)}
    assert by_row[case.rows[0].pk] == 1
    assert by_row[case.rows[1].pk] == 0


def test_covered_and_archived_courses_are_no_gaps(case: RoundCase) -> None:
    case.commit(case.rows[0], 0, "own", runs=1)
    RoundCourse.objects.filter(pk=case.rows[1].pk).update(archived_reason="udgår")
    assert set(numbers(case)) == {row.course.number for row in case.rows[2:]}


# ---------------------------------------------------------------- begin, look


def test_a_meeting_begins_once_and_only_at_the_meeting(case: RoundCase) -> None:
    first = meetings.begin_meeting(**lead(case), round=case.round)
    assert meetings.begin_meeting(**lead(case), round=case.round).pk == first.pk
    assert first.current_row_id == meeting_queries.gaps_in_order(case.round)[0].row_id
    early = make_round(status="collecting", fkb="9333")
    with pytest.raises(Conflict):
        meetings.begin_meeting(**lead(early), round=early.round)
    with pytest.raises(Forbidden):
        meetings.begin_meeting(actor=case.coordinator(), now=NOW, round=case.round)


def test_looking_at_another_gap_moves_everybody(case: RoundCase, meeting: Meeting) -> None:
    meetings.show_gap(**lead(case), meeting=meeting, row_id=case.rows[0].pk)
    now = meeting_queries.sitting(case.round)
    assert now.current is not None and now.current.row_id == case.rows[0].pk
    before = AuditEvent.objects.count()
    meetings.show_gap(**lead(case), meeting=meeting, row_id=case.rows[0].pk)
    assert AuditEvent.objects.count() == before
    case.commit(case.rows[1], 0, "own", runs=1)
    with pytest.raises(Conflict, match="ikke længere et hul"):
        meetings.show_gap(**lead(case), meeting=meeting, row_id=case.rows[1].pk)


def test_a_gap_that_a_school_closed_on_the_board_gives_way(
    case: RoundCase, meeting: Meeting
) -> None:
    current = meeting_queries.sitting(case.round).current
    assert current is not None
    board.set_cell(
        actor=case.coordinator(),
        now=NOW,
        round=case.round,
        change=board.CellChange(current.row_id, case.schools[0].pk, "own", runs=1),
    )
    after = meeting_queries.sitting(case.round)
    assert after.current is not None and after.current.row_id != current.row_id
    assert len(after.gaps) == 3


# ---------------------------------------------------------------- decide


def test_a_school_takes_a_gap_and_the_meeting_goes_on(case: RoundCase, meeting: Meeting) -> None:
    order = meeting_queries.gaps_in_order(case.round)
    decision = meetings.take_gap(
        **lead(case),
        meeting=meeting,
        row_id=order[0].row_id,
        organisation_id=case.schools[1].pk,
        runs=2,
        when=When("uge 37", date(2027, 9, 13), date(2027, 9, 19)),
        why="Har lærere til det",
    )
    cell = Commitment.objects.get(round_course=order[0].row_id)
    assert (cell.role, cell.runs, cell.when_text) == ("own", 2, "uge 37")
    assert decision.words == "Vestby SOSU: 2 hold, uge 37"
    now = meeting_queries.sitting(case.round)
    assert now.current is not None and now.current.row_id == order[1].row_id
    assert [(one.who, one.why) for one in now.decided] == [
        ("Sekretær Sørensen", "Har lærere til det")
    ]
    event = AuditEvent.objects.filter(verb="coordination.take_gap").latest("pk")
    assert "Har lærere til det" in event.summary


def test_a_joint_run_has_a_holder_and_followers(case: RoundCase, meeting: Meeting) -> None:
    row = case.rows[0]
    decision = meetings.share_gap(
        **lead(case),
        meeting=meeting,
        row_id=row.pk,
        holder_id=case.schools[0].pk,
        follower_ids=[case.schools[1].pk, case.schools[2].pk, case.schools[0].pk],
        when=When("14. september", date(2027, 9, 14), date(2027, 9, 14)),
    )
    roles = {c.organisation_id: c.role for c in Commitment.objects.filter(round_course=row)}
    assert roles == {
        case.schools[0].pk: "holder",
        case.schools[1].pk: "follower",
        case.schools[2].pk: "follower",
    }
    assert (
        decision.words == "Østby SOSU: udbyder, 14. september. Sønderby SOSU og Vestby SOSU følger."
    )
    with pytest.raises(Invalid, match="mindst én"):
        meetings.share_gap(
            **lead(case),
            meeting=meeting,
            row_id=case.rows[1].pk,
            holder_id=case.schools[0].pk,
            follower_ids=[case.schools[0].pk],
        )


def test_outside_archive_and_undo_put_the_gap_back(case: RoundCase, meeting: Meeting) -> None:
    outside, archived = case.rows[0], case.rows[1]
    first = meetings.place_gap_outside(
        **lead(case),
        meeting=meeting,
        row_id=outside.pk,
        school_name="Jysk Skole",
        organisation=None,
        content=PDF,
        file_name="aftale.pdf",
        when_text="uge 12",
    )
    second = meetings.archive_gap(
        **lead(case), meeting=meeting, row_id=archived.pk, reason="Målet nedlægges"
    )
    assert first.words == "Aftale med Jysk Skole, uge 12"
    assert len(numbers(case)) == 2
    for decision in (first, second):
        meetings.undo_decision(**lead(case), decision=decision)
    assert len(numbers(case)) == 4
    assert not ExternalAgreement.objects.exists()
    now = meeting_queries.sitting(case.round)
    assert now.decided == []
    assert now.current is not None and now.current.row_id == archived.pk
    before = AuditEvent.objects.count()
    meetings.undo_decision(**lead(case), decision=second)  # pressed twice
    assert AuditEvent.objects.count() == before


def test_undo_of_an_offer_empties_the_cells(case: RoundCase, meeting: Meeting) -> None:
    row = case.rows[0]
    made = meetings.take_gap(
        **lead(case), meeting=meeting, row_id=row.pk, organisation_id=case.schools[0].pk, runs=1
    )
    meetings.undo_decision(**lead(case), decision=made)
    assert Commitment.objects.get(round_course=row).role == "none"
    again = meetings.take_gap(
        **lead(case), meeting=meeting, row_id=row.pk, organisation_id=case.schools[0].pk, runs=3
    )
    assert Commitment.objects.get(round_course=row).runs == 3
    Commitment.objects.filter(round_course=row).update(version=99)
    with pytest.raises(Conflict):
        meetings.undo_decision(**lead(case), decision=again)


def test_the_same_decision_twice_is_one_and_another_ones_is_told(
    case: RoundCase, meeting: Meeting
) -> None:
    from samspil.kernel import roles
    from samspil.network.domain.actors import actor_for
    from tests.factories.board import make_person

    row = case.rows[0]
    values = {"meeting": meeting, "row_id": row.pk, "organisation_id": case.schools[0].pk}
    first = meetings.take_gap(**lead(case), **values)
    assert meetings.take_gap(**lead(case), **values).pk == first.pk
    assert MeetingDecision.objects.count() == 1
    other = actor_for(
        make_person("Anden Leder", roles.SECRETARIAT, network=case.network), today=NOW.date()
    )
    with pytest.raises(Conflict, match=r"Sekretær Sørensen har allerede besluttet .*Østby SOSU"):
        meetings.take_gap(
            actor=other,
            now=NOW,
            meeting=meeting,
            row_id=row.pk,
            organisation_id=case.schools[1].pk,
        )
    with pytest.raises(Conflict, match="Intet er gemt"):
        meetings.archive_gap(**lead(case), meeting=meeting, row_id=row.pk, reason="Nej")


def test_only_an_approved_school_of_the_round_can_take_it(
    case: RoundCase, meeting: Meeting
) -> None:
    stranger = make_round(fkb="9333").schools[0]
    with pytest.raises(Invalid, match="ikke med i runden"):
        meetings.take_gap(
            **lead(case),
            meeting=meeting,
            row_id=case.rows[0].pk,
            organisation_id=stranger.pk,
        )
    place = case.add_fkb("9244", courses=1, approved=1)
    row = RoundCourse.objects.get(round_fkb=place)
    with pytest.raises(Invalid, match="ikke godkendt"):
        meetings.take_gap(
            **lead(case), meeting=meeting, row_id=row.pk, organisation_id=case.schools[2].pk
        )
    assert not MeetingDecision.objects.exists()


# ---------------------------------------------------------------- later, tasks, the end


def put_off(case: RoundCase, meeting: Meeting, row: int = 0, **more: Any) -> MeetingDecision:
    values = {
        "text": "Spørg nabokredsen",
        "organisation_id": case.schools[0].pk,
        "due_on": NOW.date() + timedelta(days=14),
        **more,
    }
    return meetings.put_off_gap(**lead(case), meeting=meeting, row_id=case.rows[row].pk, **values)


def test_a_gap_that_is_put_off_keeps_its_place_and_is_passed_over(
    case: RoundCase, meeting: Meeting
) -> None:
    order = [gap.row_id for gap in meeting_queries.gaps_in_order(case.round)]
    first = next(i for i, row in enumerate(case.rows) if row.pk == order[0])
    put_off(case, meeting, first)
    now = meeting_queries.sitting(case.round)
    assert [gap.row_id for gap in now.gaps] == order
    assert now.gaps[0].is_put_off
    assert now.current is not None and now.current.row_id == order[1]
    meetings.show_gap(**lead(case), meeting=meeting, row_id=order[-1])
    meetings.take_gap(
        **lead(case), meeting=meeting, row_id=order[-1], organisation_id=case.schools[0].pk
    )
    after = meeting_queries.sitting(case.round).current
    assert after is not None and after.row_id == order[1]


def test_deciding_it_later_settles_its_task_and_undo_brings_the_task_back(
    case: RoundCase, meeting: Meeting
) -> None:
    put_off(case, meeting)
    assert meeting_queries.open_tasks(meeting).count() == 1
    made = meetings.take_gap(
        **lead(case),
        meeting=meeting,
        row_id=case.rows[0].pk,
        organisation_id=case.schools[1].pk,
    )
    assert meeting_queries.open_tasks(meeting).count() == 0
    meetings.undo_decision(**lead(case), decision=made)
    assert meeting_queries.open_tasks(meeting).count() == 1


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"text": "  "}, "hvad der skal gøres"),
        ({"due_on": NOW.date() - timedelta(days=1)}, "før i dag"),
        ({"text": "x" * 301}, "højst fylde 300"),
        ({"organisation_id": 0}, "ikke med i runden"),
    ],
)
def test_a_task_needs_words_a_school_and_a_day(
    case: RoundCase, meeting: Meeting, wrong: dict[str, Any], message: str
) -> None:
    with pytest.raises(Invalid, match=message):
        put_off(case, meeting, **wrong)
    assert not MeetingTask.objects.exists()


def ended(case: RoundCase, meeting: Meeting) -> Meeting:
    meeting.refresh_from_db()
    return meetings.end_meeting(
        **lead(case),
        meeting=meeting,
        participants=["Anna Andersen, Østby SOSU", "  "],
        expected_version=meeting.version,
    )


def test_the_end_is_refused_when_something_happened_since(
    case: RoundCase, meeting: Meeting
) -> None:
    seen = meeting.version
    put_off(case, meeting)
    with pytest.raises(Conflict, match="siden du åbnede siden"):
        meetings.end_meeting(**lead(case), meeting=meeting, participants=[], expected_version=seen)
    done = ended(case, meeting)
    assert ended(case, meeting).pk == done.pk  # pressed twice
    with pytest.raises(Conflict, match="afsluttet mødet"):
        put_off(case, meeting, 1)
    again = meetings.begin_meeting(**lead(case), round=case.round)
    assert again.number == 2


def test_the_minutes_as_pdf_and_mail(case: RoundCase, meeting: Meeting, smtp_server: Any) -> None:
    meetings.take_gap(
        **lead(case),
        meeting=meeting,
        row_id=case.rows[1].pk,
        organisation_id=case.schools[1].pk,
        runs=2,
        why="Har lærere til det",
    )
    put_off(case, meeting, 0)
    meetings.add_meeting_task(
        **lead(case),
        meeting=meeting,
        text="Book næste møde",
        organisation_id=None,
        due_on=date(2026, 4, 1),
    )
    done = ended(case, meeting)
    assert outbox.run_due(NOW)
    outbox.run_due(clock.now())
    done.refresh_from_db()
    assert done.protocol is not None
    reader = pypdf.PdfReader(io.BytesIO(done.protocol.read()))
    assert reader.trailer["/Root"]["/MarkInfo"]["/Marked"]
    text = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
    for part in (
        "Referat af koordineringsmødet 2027",
        "Anna Andersen, Østby SOSU",
        "Vestby SOSU: 2 hold",
        "Har lærere til det",
        "Spørg nabokredsen",
        "16. marts 2026",
        "Book næste møde",
        "Sekretariatet",
        "Ikke nået",
    ):
        assert part in text, part
    mails = smtp_server.inbox.received
    everybody = {case.secretariat_person.email, *(person.email for person in case.people)}
    assert {mail.recipients[0] for mail in mails} == everybody
    assert len(mails) == len(everybody)
    (attached,) = mails[0].message.iter_attachments()
    assert attached.get_filename() == "referat-2027-1.pdf"
    assert attached.get_content() == done.protocol.read()
    outbox.run_due(clock.now() + timedelta(days=1))
    assert len(smtp_server.inbox.received) == len(everybody)


def test_tasks_wait_for_the_school_until_done(case: RoundCase, meeting: Meeting) -> None:
    made = put_off(case, meeting)
    mine = lambda actor: [t.title for t in tasks_for(actor, NOW.date())]  # noqa: E731
    assert "Spørg nabokredsen" not in mine(case.coordinator(0))
    ended(case, meeting)
    assert "Spørg nabokredsen" in mine(case.coordinator(0))
    assert "Spørg nabokredsen" not in mine(case.coordinator(1))
    task = MeetingTask.objects.get(decision=made)
    with pytest.raises(Forbidden):
        meetings.finish_meeting_task(actor=case.coordinator(1), now=NOW, task=task)
    meetings.finish_meeting_task(actor=case.coordinator(0), now=NOW, task=task)
    before = AuditEvent.objects.count()
    meetings.finish_meeting_task(actor=case.coordinator(0), now=NOW, task=task)
    assert AuditEvent.objects.count() == before
    assert "Spørg nabokredsen" not in mine(case.coordinator(0))


def test_a_task_that_was_not_done_after_all_waits_again(case: RoundCase, meeting: Meeting) -> None:
    made = put_off(case, meeting)
    ended(case, meeting)
    task = MeetingTask.objects.get(decision=made)
    meetings.finish_meeting_task(actor=case.coordinator(0), now=NOW, task=task)
    with pytest.raises(Forbidden):
        meetings.reopen_meeting_task(actor=case.coordinator(1), now=NOW, task=task)
    client = Client()
    client.force_login(case.secretariat_person)
    address = reverse("coordination:reopen_meeting_task", args=[case.round.pk, task.pk])
    page = reverse("coordination:minutes", args=[case.round.pk, task.meeting.number])
    assert address in client.get(page).content.decode()
    before = AuditEvent.objects.count()
    for _twice in range(2):
        assert client.post(address)["Location"] == page
    assert AuditEvent.objects.count() == before + 1
    assert address not in client.get(page).content.decode()
    titles = [t.title for t in tasks_for(case.coordinator(0), NOW.date())]
    assert "Spørg nabokredsen" in titles


def test_a_merged_schools_task_waits_for_its_successor(case: RoundCase, meeting: Meeting) -> None:
    made = put_off(case, meeting)
    ended(case, meeting)
    case.schools[0].successor = case.schools[1]
    case.schools[0].save()
    waiting = [task.title for task in tasks_for(case.coordinator(1), NOW.date())]
    assert "Spørg nabokredsen" in waiting
    task = MeetingTask.objects.get(decision=made)
    meetings.finish_meeting_task(actor=case.coordinator(1), now=NOW, task=task)
    task.refresh_from_db()
    assert task.done_at == NOW


def test_the_archive_holds_the_minutes(case: RoundCase, meeting: Meeting) -> None:
    put_off(case, meeting)
    ended(case, meeting)
    outbox.run_due(NOW)
    with zipfile.ZipFile(io.BytesIO(archive.pack(case.round, at=NOW))) as bundle:
        names = bundle.namelist()
        assert "moeder/referat-1.pdf" in names
        content = json.loads(bundle.read("moeder/referat-1.json"))
        assert content["open_points"][0]["text"] == "Spørg nabokredsen"
        assert "Spørg nabokredsen" in bundle.read("data/opgaver_fra_moedet.csv").decode()


# ---------------------------------------------------------------- the pages and the live answer


def signed_in(person: Any) -> Client:
    client = Client()
    client.force_login(person)
    return client


def test_the_leader_decides_by_one_button(case: RoundCase, meeting: Meeting) -> None:
    client = signed_in(case.secretariat_person)
    page = client.get(reverse("coordination:meeting", args=[case.round.pk]))
    current = page.context["now"].current
    url = reverse("coordination:take_gap", args=[case.round.pk, current.row_id])
    answer = client.post(url, {"eget-school": case.schools[2].pk})
    assert answer.status_code == 302
    assert MeetingDecision.objects.get().organisation == case.schools[2]
    wrong = client.post(url, {"eget-school": case.schools[2].pk, "eget-when_text": "snart"})
    assert wrong.status_code == 302  # the meeting has gone on
    assert MeetingDecision.objects.count() == 1


def test_a_fault_comes_back_on_the_open_panel(case: RoundCase, meeting: Meeting) -> None:
    client = signed_in(case.secretariat_person)
    row = meeting.current_row_id
    answer = client.post(reverse("coordination:archive_gap", args=[case.round.pk, row]), {})
    assert answer.status_code == 400
    assert answer.context["open_form"] == "leave_form"
    assert not MeetingDecision.objects.exists()


def test_others_see_the_meeting_and_nothing_that_decides(case: RoundCase, meeting: Meeting) -> None:
    case.intend(case.rows[0], 0, take_on_days="3", note="HEMMELIG NOTE")
    meetings.show_gap(**lead(case), meeting=meeting, row_id=case.rows[0].pk)
    page = signed_in(case.people[1]).get(reverse("coordination:meeting", args=[case.round.pk]))
    assert case.rows[0].course.number in page.text
    assert "plads til 3 dage" in page.text
    assert "HEMMELIG" not in page.text
    assert "/eget/" not in page.text


def environ_of(client: Client, url: str, query: str, **more: str) -> dict[str, Any]:
    cookie = "; ".join(f"{name}={value.value}" for name, value in client.cookies.items())
    return {
        "REQUEST_METHOD": "GET",
        "PATH_INFO": url,
        "QUERY_STRING": query,
        "HTTP_COOKIE": cookie,
        **more,
    }


def ask(environ: dict[str, Any]) -> tuple[str, dict[str, str], bytes]:
    """Through the short way; a request that goes on to Django gets ``to Django``."""
    told: dict[str, Any] = {}

    def start(status: str, headers: list[tuple[str, str]]) -> None:
        told["status"], told["headers"] = status, dict(headers)

    def django(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("to Django", [])
        return [b""]

    body = b"".join(meeting_first(django)(environ, start))
    return told["status"], told["headers"], body


def test_a_pass_is_answered_without_the_session_and_only_for_its_own(
    case: RoundCase, meeting: Meeting, monkeypatch: pytest.MonkeyPatch
) -> None:
    meeting_live.forget()
    monkeypatch.setattr(meeting_live, "LIFE", 0.0)
    monkeypatch.setattr("samspil.config.live.close_old_connections", lambda: None)
    client = signed_in(case.people[0])
    url = reverse("coordination:meeting_now", args=[case.round.pk])
    first = client.get(url)
    ticket, etag = first[meeting_live.PASS_HEADER], first["ETag"]
    assert client.get(url, headers={"If-None-Match": etag}).status_code == 304
    query = f"pas={ticket}"

    assert ask(environ_of(client, url, query, HTTP_IF_NONE_MATCH=etag))[0] == "304 Not Modified"
    meetings.show_gap(**lead(case), meeting=meeting, row_id=case.rows[0].pk)
    status, headers, body = ask(
        environ_of(client, url, query, HTTP_IF_NONE_MATCH=etag, HTTP_ACCEPT_ENCODING="gzip")
    )
    assert status == "200 OK" and headers["ETag"] != etag
    assert case.rows[0].course.number in json.loads(gzip.decompress(body))["html"]

    meeting_live.forget()  # a process that has just begun
    assert ask(environ_of(client, url, query))[0] == "200 OK"

    other = signed_in(case.people[1])
    stranger = Client()
    far = make_round(fkb="9333")
    elsewhere = reverse("coordination:meeting_now", args=[far.round.pk])
    late = meeting_live.make_pass(case.round, "da", client.cookies["samspil"].value, at=0.0)
    for refused in (
        environ_of(other, url, query),  # somebody else's session
        environ_of(stranger, url, query),  # no session
        environ_of(client, elsewhere, query),  # another round
        environ_of(client, url, ""),
        environ_of(client, url, f"pas={ticket[:-1]}{'0' if ticket[-1] != '0' else '1'}"),
        environ_of(client, url, f"pas={late}"),  # over
        environ_of(client, url, "pas=%00..%FF"),
        environ_of(client, url, query) | {"REQUEST_METHOD": "POST"},
    ):
        assert ask(refused)[0] == "to Django", refused


def test_a_room_does_not_come_back_for_new_passes_together(case: RoundCase) -> None:
    ends = {
        int(meeting_live.make_pass(case.round, "da", f"session{n}", at=1000.0).split(".")[2])
        for n in range(200)
    }
    assert len(ends) > 50
    assert min(ends) > 1000 + meeting_live.PASS_LIFE // 2
    assert max(ends) <= 1000 + meeting_live.PASS_LIFE


def test_strangers_get_no_pass(case: RoundCase, meeting: Meeting) -> None:
    url = reverse("coordination:meeting_now", args=[case.round.pk])
    far = make_round(fkb="9333")
    assert Client().get(url).status_code == 302
    answer = signed_in(far.people[0]).get(url)
    assert answer.status_code == 404
    assert meeting_live.PASS_HEADER not in answer


def test_asking_again_costs_one_query_and_within_its_life_none(
    case: RoundCase, meeting: Meeting, django_assert_num_queries: Any
) -> None:
    meeting_live.forget()
    meeting_live.latest(case.round, "da")
    with django_assert_num_queries(1):
        meeting_live.latest(case.round, "da", surely=True)
    with django_assert_num_queries(0):
        meeting_live.latest(case.round, "da")


def test_a_board_change_of_a_school_reaches_the_viewers(case: RoundCase, meeting: Meeting) -> None:
    meeting_live.forget()
    before = meeting_live.latest(case.round, "da", surely=True)
    board.set_cell(
        actor=case.coordinator(),
        now=NOW,
        round=case.round,
        change=board.CellChange(case.rows[2].pk, case.schools[0].pk, "own", runs=1),
    )
    after = meeting_live.latest(case.round, "da", surely=True)
    assert after.etag != before.etag
    assert "3 huller tilbage" in after.html


def test_kinds_are_all_decided_somewhere() -> None:
    assert set(DecisionKind.values) == {"own", "joint", "outside", "archive", "later"}


@pytest.mark.parametrize("schools", [1, 3])
def test_the_leaders_page_asks_the_same_for_few_and_many(
    schools: int, django_assert_max_num_queries: Any
) -> None:
    case = make_round(schools=schools, courses=3 * schools)
    meetings.begin_meeting(actor=case.secretariat, now=NOW, round=case.round)
    client = signed_in(case.secretariat_person)
    url = reverse("coordination:meeting", args=[case.round.pk])
    client.get(url)
    with django_assert_max_num_queries(40):
        assert client.get(url).status_code == 200
