"""A returned workbook from upload to undo."""

from __future__ import annotations

import io
from datetime import timedelta

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from samspil.coordination.domain import returns
from samspil.coordination.domain.forms import IntentChange, form_snapshot, save_intents
from samspil.coordination.interfaces import returns as interface
from samspil.coordination.interfaces.form_workbook import COLUMNS, FIRST_ROW, write_form
from samspil.coordination.models import Form, Intent, Return, RoundCourse, RoundSchool
from samspil.kernel.errors import Conflict, Forbidden, NotFound, UploadRefused
from samspil.kernel.models import AuditEvent
from samspil.kernel.tasks import tasks_for
from tests.factories.board import NOW, RoundCase, make_round

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=1)


@pytest.fixture
def case() -> RoundCase:
    return make_round(status="collecting", courses=5)


def form_of(case: RoundCase, school: int = 0) -> Form:
    return Form.objects.select_related("round__network", "organisation").get(
        round=case.round, organisation=case.schools[school]
    )


def filled(form: Form, cells: dict[int, dict]) -> bytes:
    """The form's workbook with ``cells`` (row from 0 → field → value) typed in."""
    book = openpyxl.load_workbook(io.BytesIO(write_form(form_snapshot(form))))
    sheet = book.worksheets[1]
    for row, values in cells.items():
        for name, value in values.items():
            sheet.cell(FIRST_ROW + 1 + row, COLUMNS.index(name) + 1).value = value
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def receive(case: RoundCase, cells: dict[int, dict], content: bytes | None = None) -> Return:
    form = form_of(case)
    return interface.receive(
        actor=case.coordinator(),
        now=NOW,
        form=form,
        name="skema.xlsx",
        content=content or filled(form, cells),
    )


def apply(case: RoundCase, ret: Return, **answers) -> Return:
    return returns.apply_return(
        actor=case.coordinator(), now=LATER, ret=ret, answers=answers, expected_version=ret.version
    )


def stands(case: RoundCase) -> dict[int, tuple]:
    found = Intent.objects.filter(form=form_of(case)).order_by("round_course")
    index = {row.pk: i for i, row in enumerate(case.rows)}
    return {index[i.round_course_id]: (i.offers, i.runs, i.when_text) for i in found}


def test_a_preview_changes_nothing_and_saving_does(case: RoundCase) -> None:
    ret = receive(
        case, {0: {"offers": "x", "runs": "2 hold", "when": "uge 37"}, 1: {"offers": "evt."}}
    )
    assert (ret.changed, ret.questions, ret.errors) == (3, 1, 0)
    assert stands(case) == {}
    ret = apply(case, ret)
    assert stands(case) == {0: (True, 2, "uge 37")}
    intent = Intent.objects.get()
    assert (intent.source, intent.version, str(intent.starts_on)) == ("workbook", 1, "2027-09-13")
    assert (ret.status, ret.questions) == ("applied", 1)
    verbs = list(AuditEvent.objects.order_by("pk").values_list("verb", flat=True))
    assert verbs[-3:] == [
        "coordination.receive_workbook", "coordination.save_intents", "coordination.apply_return",
    ]  # fmt: skip


def test_open_questions_are_tasks_until_they_are_answered(case: RoundCase) -> None:
    ret = receive(case, {1: {"offers": "evt."}, 2: {"offers": "?"}})
    ret = apply(case, ret)

    def titles() -> list[str]:
        return [
            task.title
            for task in tasks_for(case.coordinator(), NOW.date())
            if "spørgsmål" in task.title
        ]

    assert titles() == ["Svar på 2 spørgsmål"]
    items = [item.id for item in returns.preview(ret).settled.items]
    ret = apply(case, ret, **{items[0]: {"choice": "o0"}, items[1]: {"choice": "o1"}})
    assert titles() == []
    assert [offers for offers, _runs, _when in stands(case).values()] == [True, False]


def test_answers_can_be_kept_for_later(case: RoundCase) -> None:
    ret = receive(case, {1: {"offers": "evt."}})
    item = returns.preview(ret).settled.items[0].id
    ret = returns.answer_return(
        actor=case.coordinator(),
        now=LATER,
        ret=ret,
        answers={item: {"choice": "o0"}},
        expected_version=1,
    )
    assert (ret.questions, ret.changed, ret.status) == (0, 1, "preview")
    assert stands(case) == {}


def test_two_people_on_one_file_are_told(case: RoundCase) -> None:
    ret = receive(case, {1: {"offers": "evt."}})
    apply(case, Return.objects.get(pk=ret.pk))
    with pytest.raises(Conflict):
        apply(case, ret)


def test_a_correction_on_the_screen_after_the_preview_becomes_a_conflict(case: RoundCase) -> None:
    ret = receive(case, {0: {"offers": "ja", "runs": 2}, 1: {"offers": "ja"}})
    save_intents(
        actor=case.coordinator(), now=NOW, form=form_of(case), source="screen",
        changes=[IntentChange(case.rows[0].pk, {"offers": True, "runs": 4}, 0)],
    )  # fmt: skip
    ret = apply(case, ret)
    assert stands(case) == {0: (True, 4, ""), 1: (True, None, "")}
    conflict = returns.preview(ret).settled.items[0]
    assert (conflict.kind, conflict.ours) == ("conflict", 4)
    apply(case, ret, **{conflict.id: {"choice": "theirs"}})
    assert stands(case)[0] == (True, 2, "")


def test_a_second_return_after_the_first_was_corrected(case: RoundCase) -> None:
    """Sent empty; returned; corrected on the screen; returned again from the same old file."""
    form = form_of(case)
    empty = filled(form, {})
    first = receive(case, {}, filled(form, {0: {"offers": "ja", "runs": 2}, 1: {"offers": "ja"}}))
    apply(case, first)
    save_intents(
        actor=case.coordinator(), now=NOW, form=form, source="screen",
        changes=[IntentChange(case.rows[0].pk, {"runs": 5}, 1)],
    )  # fmt: skip
    book = openpyxl.load_workbook(io.BytesIO(empty))
    sheet = book.worksheets[1]
    for row, runs in ((0, 3), (2, 1)):
        sheet.cell(FIRST_ROW + 1 + row, COLUMNS.index("offers") + 1).value = "ja"
        sheet.cell(FIRST_ROW + 1 + row, COLUMNS.index("runs") + 1).value = runs
    buffer = io.BytesIO()
    book.save(buffer)
    second = apply(case, receive(case, {}, buffer.getvalue()))
    assert stands(case) == {0: (True, 5, ""), 1: (True, None, ""), 2: (True, 1, "")}
    assert [item.kind for item in returns.preview(second).settled.items] == ["conflict"]


def test_undo_is_one_step_and_leaves_later_corrections(case: RoundCase) -> None:
    ret = apply(case, receive(case, {0: {"offers": "ja", "runs": 2}, 1: {"offers": "nej"}}))
    save_intents(
        actor=case.coordinator(), now=LATER, form=form_of(case), source="screen",
        changes=[IntentChange(case.rows[0].pk, {"runs": 5}, 1)],
    )  # fmt: skip
    ret, left = returns.undo_return(
        actor=case.coordinator(), now=LATER, ret=ret, expected_version=ret.version
    )
    assert stands(case) == {0: (None, 5, ""), 1: (None, None, "")}
    assert [label[:5] for label in left] == [case.rows[0].course.number]
    assert ret.status == "undone"
    apply(case, ret)
    assert stands(case)[1] == (False, None, "")


def test_undo_takes_back_several_savings(case: RoundCase) -> None:
    ret = apply(case, receive(case, {0: {"offers": "ja"}, 1: {"offers": "evt."}}))
    item = returns.preview(ret).settled.items[0].id
    ret = apply(case, ret, **{item: {"choice": "o0"}})
    assert len(ret.applied) == 2
    returns.undo_return(actor=case.coordinator(), now=LATER, ret=ret, expected_version=ret.version)
    assert {offers for offers, _r, _w in stands(case).values()} == {None}


def test_others_may_not(case: RoundCase) -> None:
    ret = receive(case, {0: {"offers": "ja"}})
    with pytest.raises(NotFound):
        returns.get_return(case.coordinator(1), ret.pk)
    with pytest.raises(Forbidden):
        returns.apply_return(
            actor=case.coordinator(1), now=NOW, ret=ret, answers={}, expected_version=ret.version
        )
    assert returns.get_return(case.secretariat, ret.pk) == ret


def test_a_closed_round_takes_nothing(case: RoundCase) -> None:
    case.round.status = "closed"
    case.round.save()
    with pytest.raises(Conflict):
        receive(case, {0: {"offers": "ja"}})


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 broken", b"\x89PNG....", b"%PDF-1.7 hello"])
def test_what_is_no_workbook_is_refused_and_nothing_is_kept(
    case: RoundCase, content: bytes
) -> None:
    with pytest.raises(UploadRefused):
        interface.receive(
            actor=case.coordinator(),
            now=NOW,
            form=form_of(case),
            name="skema.xlsx",
            content=content,
        )
    assert not Return.objects.exists()


# --------------------------------------------------------------------------- pages


@pytest.fixture
def client(case: RoundCase) -> Client:
    client = Client()
    client.force_login(case.people[0])
    return client


def upload(client: Client, case: RoundCase, content: bytes, name: str = "skema.xlsx"):
    form = form_of(case)
    url = reverse("coordination:return_upload", args=[form.round_id, form.organisation_id])
    return client.post(url, {"file": SimpleUploadedFile(name, content)})


def test_the_pages_from_upload_to_undo(case: RoundCase, client: Client) -> None:
    content = filled(
        form_of(case),
        {
            0: {"offers": "ja", "runs": 2},
            1: {"offers": "evt."},
            2: {"runs": "mange"},
            3: {"days": 9},
        },
    )
    answer = upload(client, case, content)
    ret = Return.objects.get()
    url = reverse("coordination:return", args=[ret.pk])
    assert answer.status_code == 302
    assert answer.url == url
    page = client.get(url).content.decode()
    assert "Der står »evt.«. Er det et ja eller et nej?" in page
    assert "Dage er rettet til »9«" in page
    items = {item.field: item.id for item in returns.preview(ret).settled.items}
    saved = client.post(
        url,
        {
            "version": "1",
            f"q-{items['offers']}": "o0",
            f"q-{items['runs']}": "typed",
            f"t-{items['runs']}": "3 hold",
        },
    )
    assert saved.status_code == 302
    assert stands(case) == {0: (True, 2, ""), 1: (True, None, ""), 2: (None, 3, "")}
    page = client.get(url).content.decode()
    assert "svar er gemt" in page
    ret.refresh_from_db()
    client.post(reverse("coordination:undo_return", args=[ret.pk]), {"version": ret.version})
    assert {value[0] for value in stands(case).values()} == {None}


def rearranged(form: Form, change) -> bytes:
    """The form's workbook after ``change(book, sheet)`` has had its way with it."""
    book = openpyxl.load_workbook(io.BytesIO(write_form(form_snapshot(form))))
    change(book, book.worksheets[1])
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_every_kind_of_question_can_be_shown_and_answered(case: RoundCase, client: Client) -> None:
    second = case.add_fkb("2650", courses=0)
    for row in case.rows[:1]:
        RoundCourse.objects.create(
            round_fkb=second, course=row.course, relation="linked", is_duty=False
        )

    def mess(book, sheet) -> None:
        offers = COLUMNS.index("offers") + 1
        sheet.delete_rows(FIRST_ROW + 3)
        sheet.cell(FIRST_ROW + 1, 1).value = None  # its number stands in two FKBs
        sheet.cell(FIRST_ROW + 1, 2).value = None
        sheet.cell(FIRST_ROW + 1, offers).value = "ja"
        sheet.append([None, None, "47592", "Et andet mål", None, None, "ja"])
        sheet.append([None, None, None, "Husk at ringe til Karin"])
        sheet.cell(4, 15).value = "Vores kolonne"
        sheet.cell(FIRST_ROW + 2, 15).value = "gult lokale"
        extra = book.create_sheet("Regnskab")
        for r in range(1, 6):
            extra.cell(r, 1).value = r

    upload(client, case, rearranged(form_of(case), mess))
    ret = Return.objects.get()
    url = reverse("coordination:return", args=[ret.pk])
    page = client.get(url).content.decode()
    for text in (
        "Rækker, der er slettet i filen: 1.",
        "står i flere FKB&#x27;er. Hvilken gælder svaret?",
        "47592 står ikke i skemaet",
        "Teksten står uden for skemaets rækker.",
        "Kolonnen »Vores kolonne«",
        "Arket »Regnskab«",
    ):
        assert text in page, text
    items = returns.preview(ret).settled.items
    post = {
        "version": "1",
        **{f"q-{item.id}": item.choices[0].id for item in items if item.choices},
    }
    assert client.post(url, post).status_code == 302
    ret.refresh_from_db()
    assert ret.questions == 0
    assert Intent.objects.get().offers is True
    page = client.get(url).content.decode()
    assert "Husk at ringe til Karin" in page


def test_last_years_form_can_be_taken_or_left(case: RoundCase, client: Client) -> None:
    form = form_of(case)
    case.round.year = 2026
    case.round.save()
    content = filled(form_of(case), {0: {"offers": "ja", "when": "uge 37"}})
    case.round.year = 2027
    case.round.save()
    upload(client, case, content)
    ret = Return.objects.get()
    url = reverse("coordination:return", args=[ret.pk])
    assert "Skemaet er fra en anden runde" in client.get(url).content.decode()
    client.post(url, {"version": "1"})
    assert stands(case) == {}
    client.post(url, {"version": "1", "q-file:old": "yes"})
    assert stands(case) == {0: (True, None, "uge 37")}
    assert form.pk == ret.form_id


def test_an_answer_that_cannot_be_read_stays_with_a_sentence(
    case: RoundCase, client: Client
) -> None:
    upload(client, case, filled(form_of(case), {2: {"runs": "mange"}}))
    ret = Return.objects.get()
    item = returns.preview(ret).settled.items[0].id
    url = reverse("coordination:return", args=[ret.pk])
    client.post(
        url, {"version": "1", f"q-{item}": "typed", f"t-{item}": "rigtig mange", "later": "1"}
    )
    page = client.get(url).content.decode()
    assert 'value="rigtig mange"' in page
    assert "Vi kan ikke se et antal hold i »rigtig mange«" in page


def test_an_error_can_be_put_right_on_the_page(case: RoundCase, client: Client) -> None:
    upload(client, case, filled(form_of(case), {2: {"offers": "ja", "runs": -2}}))
    ret = Return.objects.get()
    assert ret.errors == 1
    item = next(item.id for item in returns.preview(ret).settled.items)
    url = reverse("coordination:return", args=[ret.pk])
    client.post(url, {"version": "1", f"t-{item}": "2 hold"})
    ret.refresh_from_db()
    assert ret.errors == 0
    assert stands(case) == {2: (True, 2, "")}
    assert client.get(url).status_code == 200


def test_a_refused_file_says_why_on_the_page(case: RoundCase, client: Client) -> None:
    answer = upload(client, case, b"%PDF-1.7 hello")
    assert answer.status_code == 400
    assert not Return.objects.exists()


def test_the_file_can_be_fetched_again(case: RoundCase, client: Client) -> None:
    content = filled(form_of(case), {0: {"offers": "ja"}})
    upload(client, case, content)
    ret = Return.objects.get()
    assert client.get(reverse("coordination:return_file", args=[ret.pk])).content == content


def test_the_preview_costs_the_same_queries_for_one_row_and_for_many(
    case: RoundCase, client: Client
) -> None:
    counts = []
    for rows in (1, 5):
        cells = {i: {"offers": "evt.", "runs": 2} for i in range(rows)}
        upload(client, case, filled(form_of(case), cells))
        url = reverse("coordination:return", args=[Return.objects.first().pk])
        with CaptureQueriesContext(connection) as queries:
            client.get(url)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_list_of_files_costs_the_same_for_one_and_for_three(
    case: RoundCase, client: Client
) -> None:
    url = reverse("coordination:return_upload", args=[case.round.pk, case.schools[0].pk])
    counts = []
    for number in (1, 2):
        for _turn in range(number):
            upload(client, case, filled(form_of(case), {0: {"offers": "ja"}}))
        with CaptureQueriesContext(connection) as queries:
            client.get(url)
        counts.append(len(queries))
    assert Return.objects.count() == 3
    assert counts[0] == counts[1]


def test_discarded_is_not_used(case: RoundCase, client: Client) -> None:
    upload(client, case, filled(form_of(case), {0: {"offers": "ja"}}))
    ret = Return.objects.get()
    client.post(reverse("coordination:discard_return", args=[ret.pk]), {"version": "1"})
    ret.refresh_from_db()
    assert ret.status == "discarded"
    with pytest.raises(Conflict):
        apply(case, ret)
    assert client.get(reverse("coordination:return", args=[ret.pk])).status_code == 200


@pytest.mark.slow
def test_a_full_workbook_is_read_checked_and_previewed() -> None:
    """Read, checked and previewed, with everything that is stored on the way."""
    case = make_round(status="collecting", courses=231)
    form = form_of(case)
    content = filled(
        form,
        {
            i: {
                "offers": "x",
                "runs": "2 hold",
                "when": "uge 37",
                "take_on_days": "1 uge",
                "note": "ok",
            }
            if i % 5
            else {"offers": "evt.", "when": "ca. uge 12"}
            for i in range(231)
        },
    )
    ret = receive(case, {}, content)
    interface.show(returns.preview(ret))
    assert ret.questions > 80


def test_the_round_says_which_forms_wait_for_an_answer(case: RoundCase, client: Client) -> None:
    """Questions stand on the return's page; the secretariat must not have to look there."""
    page = reverse("coordination:round", args=[case.round.pk])
    client.force_login(case.secretariat_person)
    assert "venter på svar" not in client.get(page).text
    first = receive(case, {0: {"offers": "måske"}, 1: {"offers": "måske"}})
    text = client.get(page).text
    assert "1 skema har spørgsmål, der venter på svar" in text
    link = reverse("coordination:return", args=[first.pk])
    assert text.count(f'href="{link}"') == 2  # above the FKBs, and beside the school
    assert "2 spørgsmål" in text
    second = form_of(case, 1)
    interface.receive(
        actor=case.coordinator(1),
        now=NOW,
        form=second,
        name="skema.xlsx",
        content=filled(second, {0: {"offers": "måske"}}),
    )
    text = client.get(page).text
    assert "2 skemaer har spørgsmål, der venter på svar" in text
    assert 'href="#skemaer"' in text
    school = Client()
    school.force_login(case.people[1])
    assert "venter på svar" not in school.get(page).text
    returns.discard_return(
        actor=case.coordinator(), now=LATER, ret=first, expected_version=first.version
    )
    assert "1 skema har spørgsmål" in client.get(page).text
    RoundSchool.objects.filter(organisation=case.schools[1]).update(left_on=NOW.date())
    assert "venter på svar" not in client.get(page).text
