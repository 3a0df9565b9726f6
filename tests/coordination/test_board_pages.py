"""The board's pages: what they show, who sees them, how many queries they take."""

from __future__ import annotations

import json
from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from samspil.coordination.domain import board_queries
from samspil.coordination.models import ChangeSet, Commitment, CourseComment, ExternalAgreement
from samspil.kernel.errors import NotFound
from tests.coordination.test_board import PDF
from tests.factories.board import RoundCase, make_person, make_round

pytestmark = pytest.mark.django_db


@pytest.fixture
def case() -> RoundCase:
    return make_round(schools=4, courses=6)


def fill(case: RoundCase) -> None:
    """Every kind of row: gap with and without capacity, own, joint, external, archived."""
    gap, own, joint, undated, outside, gone = case.rows
    case.intend(gap, 0, take_on_days="6")
    case.intend(gap, 2, take_on_days="2.5")
    case.intend(gap, 3, will_follow=True)
    case.commit(own, 0, runs=2, guarantee=True)
    case.commit(own, 1, runs=1)
    case.commit(joint, 1, "holder", when_text="14.-16. september", starts_on=date(2027, 9, 14))
    case.commit(joint, 2, "follower")
    case.commit(undated, 0, "holder")
    type(gone).objects.filter(pk=gone.pk).update(archived_reason="Dispensation", is_duty=False)
    del outside


def board_of(case: RoundCase, actor=None):
    return board_queries.board(actor or case.secretariat, case.round.pk, case.fkb.fkb.number)


def test_rows_say_what_they_are(case):
    fill(case)
    shown = board_of(case)
    assert [[tag.label for tag in row.tags] for row in shown.rows] == [
        ["Mangler udbyder"],
        ["2 skoler · garanti"],
        ["Fælles hold hos Vestby SOSU"],
        ["Udbydes af Østby SOSU", "Mangler dato"],
        ["Mangler udbyder"],
        ["Ude af pligten"],
    ]
    assert shown.rows[0].why == (
        "Ingen skole har meldt udbud. 2 kan: Østby SOSU (kapacitet 6 dage), "
        "Sønderby SOSU (2,5 dage). Vil følge en anden skole: Nordby SOSU."
    )
    assert shown.rows[4].why == "Ingen skole har meldt udbud. Ingen har ledig kapacitet."
    by_school = dict(
        zip(
            [c.label for c in shown.columns],
            zip(*[row.cells for row in shown.rows], strict=True),
            strict=True,
        )
    )
    assert [cell.label for cell in by_school["Østby SOSU"]] == [
        "kan", "2 hold ★", "–", "udbyder", "–", "–",
    ]  # fmt: skip
    assert [cell.css for cell in by_school["Vestby SOSU"]][:3] == ["no", "own", "lead"]
    counts = shown.counts
    assert (counts.rows, counts.duty, counts.covered, counts.gaps) == (6, 5, 3, 2)
    assert (counts.low, counts.undated) == (2, 1)


def test_gaps_come_first_and_the_rest_by_number(case):
    fill(case)
    shown = board_of(case)
    assert [row.number[-1] for row in shown.shown("alle", "huller").rows] == list("041235")
    assert [row.number[-1] for row in shown.shown("huller", "nummer").rows] == list("04")
    assert [row.number[-1] for row in shown.shown("udendato", "nummer").rows] == ["3"]
    assert [row.number[-1] for row in shown.shown("lav", "aktivitet").rows] == list("01")


def test_a_school_writes_its_own_column_and_a_reader_none(case, actor_with):
    def writable(actor) -> set[str]:
        shown = board_of(case, actor)
        return {
            column.label
            for row in shown.rows
            for column, cell in zip(shown.columns, row.cells, strict=True)
            if cell.path
        }

    assert len(writable(case.secretariat)) == 4
    assert writable(case.coordinator(1)) == {"Vestby SOSU"}
    assert writable(actor_with("reader", network=case.network)) == set()


def test_outside_the_network_there_is_no_board(case):
    stranger = make_round(year=2028, fkb="9333").secretariat
    for query in (
        lambda: board_of(case, stranger),
        lambda: board_queries.across(stranger, case.round.pk),
        lambda: board_queries.course_detail(stranger, case.round.pk, case.rows[0].pk),
        lambda: board_queries.cell_detail(
            stranger, case.round.pk, case.rows[0].pk, case.schools[0].pk
        ),
        lambda: board_queries.get_row(case.secretariat, case.round.pk + 1, case.rows[0].pk),
    ):
        with pytest.raises(NotFound):
            query()


BOARD_QUERIES = 10


@pytest.mark.parametrize(("courses", "schools"), [(1, 2), (3, 5)])
def test_the_board_takes_the_same_queries_at_any_size(courses, schools, django_assert_num_queries):
    case = make_round(schools=schools, courses=courses)
    for row in case.rows:
        case.commit(row, 0, runs=1)
        case.intend(row, 1, take_on_days="2")
    actor = case.secretariat
    with django_assert_num_queries(BOARD_QUERIES):
        board_of(case, actor)


ACROSS_QUERIES = 13


@pytest.mark.parametrize("fkbs", [1, 3])
def test_the_board_across_takes_the_same_queries_at_any_size(fkbs, django_assert_num_queries):
    case = make_round(courses=2)
    for number in range(1, fkbs):
        case.add_fkb(f"94{number:02}", courses=2)
    actor = case.secretariat
    with django_assert_num_queries(ACROSS_QUERIES):
        found = board_queries.across(actor, case.round.pk, show="alle")
    assert len(found.board.rows) == 2 * fkbs


def test_across_narrows_to_a_branch_and_a_kind(case):
    fill(case)
    case.add_fkb("9223", courses=2, approved=1)
    found = board_queries.across(case.secretariat, case.round.pk, group_key="sosu")
    assert (len(found.board.rows), found.board.counts.gaps) == (4, 4)
    assert found.board.rows[-1].cells[1].css == "out"
    assert not found.board.rows[-1].cells[1].path
    with pytest.raises(NotFound):
        board_queries.across(case.secretariat, case.round.pk, group_key="industri")


# ---------------------------------------------------------------- pages


@pytest.fixture
def browse(client, case):
    client.force_login(case.secretariat_person)
    return client


def url(name: str, case: RoundCase, *args) -> str:
    return reverse(f"coordination:{name}", args=[case.round.pk, *args])


def test_the_page_shows_the_board(browse, case):
    fill(case)
    page = browse.get(url("board", case, case.fkb.fkb.number))
    text = page.content.decode()
    assert "4 skoler er godkendt." in text
    assert "3 af 5 kernemål har en udbyder." in text
    assert "<strong>2 mål mangler.</strong>" in text
    assert "Kan først dannes, når alle mål har en udbyder." in text
    assert "konstruerede eksempler" in text
    assert text.count('class="c"') == 24
    only = browse.get(url("board", case, case.fkb.fkb.number) + "?visning=huller").content.decode()
    assert only.count('class="c"') == 8


def test_across_and_course_pages(browse, case):
    fill(case)
    assert "5 kernemål" in browse.get(url("across", case)).content.decode()
    page = browse.get(url("course", case, case.rows[0].pk)).content.decode()
    assert "plads til 2,5 dage for andre" in page


def test_pages_are_closed_to_those_outside(client, case):
    stranger = make_person("Fremmed", "reader", network=make_round(year=2028, fkb="9333").network)
    addresses = [
        url("board", case, case.fkb.fkb.number),
        url("across", case),
        url("course", case, case.rows[0].pk),
        url("cell", case, case.rows[0].pk, case.schools[0].pk),
        url("external_document", case, case.rows[0].pk),
    ]
    for address in addresses:
        assert client.get(address).status_code == 302
    client.force_login(stranger)
    for address in addresses:
        assert client.get(address).status_code == 404


def save(browse, case, row=0, school=0, *, script=True, **data):
    headers = {"X-Requested-With": "fetch"} if script else {}
    return browse.post(
        url("cell", case, case.rows[row].pk, case.schools[school].pk), data, headers=headers
    )


def test_a_cell_is_saved_from_the_form_without_script(browse, case):
    page = save(browse, case, script=False, role="own", runs="2", when_text="uge 37", version="0")
    assert page.status_code == 302
    made = Commitment.objects.get()
    assert (made.runs, made.when_text) == (2, "uge 37")
    assert (made.starts_on, made.ends_on) == (date(2027, 9, 13), date(2027, 9, 19))


def test_a_time_that_cannot_be_read_is_a_question_and_stays(browse, case):
    data = {"role": "own", "runs": "2", "when_text": "når vi kan", "version": "0"}
    page = save(browse, case, script=False, **data)
    assert page.status_code == 400
    assert "når vi kan" in page.content.decode()
    assert not Commitment.objects.exists()
    save(browse, case, script=False, **data, keep_words="on")
    made = Commitment.objects.get()
    assert (made.when_text, made.starts_on) == ("når vi kan", None)


def test_keys_change_a_cell(browse, case):
    def press(key: str):
        version = Commitment.objects.values_list("version", flat=True).first() or 0
        answer = save(browse, case, quick=key, version=str(version))
        assert answer.status_code == 200, answer.content
        return json.loads(answer.content)

    answer = press("3")
    assert "3 hold" in answer["row"]
    assert answer["message"].startswith("Gemt.")
    assert "1 af 6 kernemål" in answer["lede"]
    assert answer["counts"] == [6, 5, 2, 0]
    assert answer["undo"].endswith(f"/fortryd/{ChangeSet.objects.get().pk}/")
    press("guarantee")
    press("holder")
    made = Commitment.objects.get()
    assert (made.role, made.runs, made.guarantee) == ("holder", 3, True)
    press("none")
    made.refresh_from_db()
    assert (made.role, made.runs, made.guarantee, made.version) == ("none", None, False, 4)
    assert save(browse, case, quick="guarantee", version="4").status_code == 400
    assert save(browse, case, quick="udenfor", version="4").status_code == 400


def test_a_conflict_shows_both_values_and_overwrites_nothing(browse, case):
    case.commit(case.rows[0], 0, runs=2, updated_by_label="Randers <r@example.test>")
    answer = save(browse, case, role="own", runs="5", version="0")
    assert answer.status_code == 409
    told = json.loads(answer.content)
    assert "Randers ændrede feltet til »2 hold«" in told["form"]
    assert "Du ville gemme »5 hold«." in told["form"]
    assert 'name="version" value="1"' in told["form"]
    assert "2 hold" in told["row"]
    assert Commitment.objects.get().runs == 2
    assert save(browse, case, script=False, role="own", runs="5", version="0").status_code == 409
    assert save(browse, case, role="own", runs="5", version="1").status_code == 200


def test_a_rule_is_told_in_the_panel(browse, case):
    answer = save(browse, case, role="follower", version="0")
    assert answer.status_code == 400
    assert "ingen er udbydende skole" in answer.content.decode()


def test_a_school_may_not_write_another_column(client, case):
    client.force_login(case.people[1])
    assert save(client, case, quick="2", version="0").status_code == 403
    page = client.get(url("cell", case, case.rows[0].pk, case.schools[0].pk))
    assert "Kun skolen selv og sekretariatet" in page.content.decode()
    assert save(client, case, school=1, quick="2", version="0").status_code == 200


def test_undo_from_the_page(browse, case):
    save(browse, case, quick="2", version="0")
    step = ChangeSet.objects.get()
    here = url("board", case, case.fkb.fkb.number)
    page = browse.post(url("undo", case, step.pk), {"next": here}, follow=True)
    assert page.redirect_chain[0][0] == here
    assert "Fortrudt: 92200, Østby SOSU: 2 hold" in page.content.decode()
    page = browse.post(url("undo", case, step.pk), {"next": "https://evil.test/"}, follow=True)
    assert page.redirect_chain[0][0] == url("across", case)
    assert "allerede fortrudt" in page.content.decode()


def test_undo_from_the_script_gives_the_rows_back(browse, case):
    save(browse, case, quick="2", version="0")
    save(browse, case, row=1, quick="3", version="0")
    first, second = ChangeSet.objects.order_by("pk")

    def fetch(step, **data):
        answer = browse.post(
            url("undo", case, step.pk), data, headers={"X-Requested-With": "fetch"}
        )
        return answer.status_code, json.loads(answer.content)

    status, told = fetch(second, fkb=case.fkb.fkb.number)
    assert status == 200
    assert told["message"] == "Fortrudt: 92201, Østby SOSU: 3 hold"
    assert told["undo"].endswith(f"/fortryd/{first.pk}/")
    (row,) = told["rows"]
    assert f'data-row="{case.rows[1].pk}"' in row
    columns = ",".join(str(school.pk) for school in case.schools)
    status, told = fetch(first, columns=columns)
    assert (status, told["undo"], len(told["rows"])) == (200, "", 1)
    status, told = fetch(first, columns=columns)
    assert status == 409
    assert "allerede fortrudt" in told["message"]


def test_comment_agreement_and_archive_through_the_pages(browse, case):
    row = case.rows[0].pk
    browse.post(url("comment", case, row), {"text": "Vi kan i uge 40"})
    assert CourseComment.objects.get().text == "Vi kan i uge 40"
    assert browse.post(url("comment", case, row), {"text": ""}).status_code == 400
    bad = {"school_name": "SOSU Nord", "document": SimpleUploadedFile("a.pdf", b"tekst")}
    assert browse.post(url("external", case, row), bad).status_code == 400
    good = {"school_name": "SOSU Nord", "document": SimpleUploadedFile("å.pdf", PDF)}
    assert browse.post(url("external", case, row), good).status_code == 302
    page = browse.get(url("external_document", case, row))
    assert page.content == PDF
    assert page["Content-Disposition"] == "attachment; filename*=UTF-8''%C3%A5.pdf"
    assert "SOSU Nord" in browse.get(url("course", case, row)).content.decode()
    assert browse.post(url("remove_external", case, row), {"reason": ""}).status_code == 400
    browse.post(url("remove_external", case, row), {"reason": "Udbydes nu"})
    assert not ExternalAgreement.objects.exists()
    browse.post(url("archive_course", case, row), {"reason": "Dispensation"})
    assert "Ude af pligten" in browse.get(url("course", case, row)).content.decode()
    browse.post(url("bring_back", case, row))
    history = browse.get(url("course", case, row)).content.decode()
    assert "Taget ind under pligten igen." in history


def test_what_only_the_secretariat_does_is_closed_to_schools(client, case):
    client.force_login(case.people[0])
    for name in ("external", "remove_external", "archive_course"):
        assert client.get(url(name, case, case.rows[0].pk)).status_code == 403
        assert client.post(url(name, case, case.rows[0].pk), {}).status_code == 403
    assert client.post(url("bring_back", case, case.rows[0].pk)).status_code == 403
    page = client.get(url("course", case, case.rows[0].pk)).content.decode()
    assert "Tag målet ud" not in page
    assert "Skriv kommentar" in page


def test_a_frozen_board_is_read_only(browse, case):
    fill(case)
    type(case.fkb).objects.filter(pk=case.fkb.pk).update(status="frozen")
    page = browse.get(url("board", case, case.fkb.fkb.number)).content.decode()
    assert 'class="c"' not in page
    assert "Oversigten er låst" in page
    assert save(browse, case, quick="2", version="0").status_code == 409
