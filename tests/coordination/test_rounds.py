"""The round from its opening to the forms handed in."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from samspil.catalogue.models import CourseRelation
from samspil.coordination.domain import form_cycle, forms, round_queries, rounds
from samspil.coordination.domain.answers import When
from samspil.coordination.domain.forms import IntentChange
from samspil.coordination.enums import CommitmentRole, FormStatus, IntentSource, RoundStatus
from samspil.coordination.interfaces.form_files import workbook_of
from samspil.coordination.models import Commitment, Form, Intent, Round
from samspil.kernel import clock
from samspil.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from samspil.kernel.models import AuditEvent, Job, MailMessage
from samspil.network.models import Membership, Network
from tests.factories.board import NOW, RoundCase, make_round

pytestmark = pytest.mark.django_db


@pytest.fixture
def case() -> RoundCase:
    return make_round(status="collecting")


def _open(case: RoundCase, year: int = 2028, **changes) -> Round:
    values = {
        "actor": case.secretariat,
        "now": NOW,
        "network": case.network,
        "year": year,
        "dates": rounds.default_dates(year),
        "fkb_ids": [place.fkb_id for place in case.fkbs],
        "organisation_ids": [school.pk for school in case.schools],
    }
    return rounds.open_round(**(values | changes))


def test_dates_follow_the_source_and_fall_on_working_days() -> None:
    for year in range(2024, 2040):
        dates = rounds.default_dates(year)
        dates.check(year)
        assert dates.signed_by_on == date(year - 1, 6, 30)
        assert dates.forms_due_on.weekday() < 5
        assert dates.meeting_on.weekday() < 5


def test_opening_makes_forms_and_rows_and_sends_nothing(case: RoundCase) -> None:
    CourseRelation.objects.create(fkb=case.fkb.fkb, course=case.rows[0].course, kind="core")
    opened = _open(case)
    assert opened.status == RoundStatus.DRAFT
    assert opened.forms.count() == len(case.schools)
    assert [row.course_id for row in opened.fkbs.get().courses.all()] == [case.rows[0].course_id]
    assert not MailMessage.objects.exists()
    assert AuditEvent.objects.filter(verb="coordination.open_round").count() == 1


def test_courses_come_from_the_catalogue_and_archived_ones_leave_the_duty(
    case: RoundCase,
) -> None:
    for row in case.rows:
        CourseRelation.objects.create(fkb=case.fkb.fkb, course=row.course, kind="core")
    archived = case.rows[0].course
    archived.is_archived, archived.archived_reason = True, "Taget ud i 2026"
    archived.save()
    CourseRelation.objects.filter(course=case.rows[1].course).update(kind="linked")
    opened = _open(case)
    found = {row.course_id: row for row in opened.fkbs.get().courses.all()}
    assert set(found) == {case.rows[0].course_id, case.rows[2].course_id}
    assert not found[archived.pk].is_duty
    assert found[archived.pk].archived_reason == "Taget ud i 2026"


def test_last_years_board_becomes_the_first_answers(case: RoundCase) -> None:
    for row in case.rows:
        CourseRelation.objects.create(fkb=case.fkb.fkb, course=row.course, kind="core")
    case.commit(case.rows[0], 0, role="holder", runs=2, guarantee=True, when_text="uge 37")
    case.commit(case.rows[0], 1, role="follower")
    case.commit(case.rows[1], 0, role="none")
    opened = _open(case, copy_from=case.round)
    intents = {
        (i.form.organisation_id, i.round_course.course_id): i
        for i in Intent.objects.filter(form__round=opened).select_related("form", "round_course")
    }
    course = case.rows[0].course_id
    held = intents[case.schools[0].pk, course]
    assert (held.offers, held.runs, held.guarantee, held.when_text) == (True, 2, True, "")
    assert intents[case.schools[1].pk, course].will_follow
    assert len(intents) == 2


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"fkb_ids": []}, "fkbs"),
        ({"organisation_ids": []}, "schools"),
        ({"year": 2027}, "year"),
        (
            {"dates": rounds.RoundDates(date(2027, 3, 1), date(2027, 2, 1), date(2027, 6, 30))},
            "meeting_on",
        ),
    ],
)
def test_opening_is_refused_with_the_field(case: RoundCase, changes: dict, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        _open(case, **changes)
    assert refused.value.field == field
    assert Round.objects.count() == 1


def test_a_school_cannot_open_or_lead_a_round(case: RoundCase) -> None:
    with pytest.raises(Forbidden):
        _open(case, actor=case.coordinator())
    with pytest.raises(Forbidden):
        rounds.move_round(actor=case.coordinator(), now=NOW, round=case.round, verb="start_meeting")


def test_sending_tells_each_school_with_its_workbook_and_plans_reminders() -> None:
    case = make_round(status="draft")
    Form.objects.filter(round=case.round).update(status=FormStatus.DRAFT)
    sent = form_cycle.send_forms(
        actor=case.secretariat, now=NOW, round=case.round, workbook_of=workbook_of
    )
    assert len(sent) == len(case.schools)
    case.round.refresh_from_db()
    assert case.round.status == RoundStatus.COLLECTING
    mails = MailMessage.objects.order_by("to")
    assert {mail.to for mail in mails} == {person.email for person in case.people}
    for mail in mails:
        assert "/skema/" in mail.text
        assert mail.attachments.get().name.endswith(".xlsx")
        assert mail.attachments.get().read()[:2] == b"PK"
    assert Job.objects.filter(kind="coordination.remind_form").count() == 3 * len(sent)
    assert (
        form_cycle.send_forms(
            actor=case.secretariat, now=NOW, round=case.round, workbook_of=workbook_of
        )
        == []
    )


def test_reminders_stop_when_the_form_is_back(case: RoundCase) -> None:
    owed, back = Form.objects.filter(round=case.round)[:2]
    Form.objects.filter(pk=owed.pk).update(status=FormStatus.SENT)
    Form.objects.filter(pk=back.pk).update(status=FormStatus.RETURNED)
    due = case.round.forms_due_on.isoformat()
    for form in (owed, back):
        form_cycle.remind_when_due({"form": form.pk, "due": due}, now=NOW)
        form_cycle.remind_when_due({"form": form.pk, "due": due}, now=NOW)
    assert MailMessage.objects.filter(category="coordination.form_reminder").count() == 1
    form_cycle.remind_when_due({"form": owed.pk, "due": "2020-01-01"}, now=NOW + timedelta(days=9))
    assert MailMessage.objects.filter(category="coordination.form_reminder").count() == 1


def _answer(case: RoundCase, school: int, values: dict, row: int = 0) -> Form:
    form = Form.objects.get(round=case.round, organisation=case.schools[school])
    Form.objects.filter(pk=form.pk, status=FormStatus.DRAFT).update(status=FormStatus.SENT)
    form.refresh_from_db()
    forms.save_intents(
        actor=case.coordinator(school),
        now=NOW,
        form=form,
        changes=[IntentChange(case.rows[row].pk, values)],
        source=IntentSource.SCREEN,
    )
    return form


def test_handing_in_puts_the_offers_on_the_board_and_a_no_takes_them_back(
    case: RoundCase,
) -> None:
    when = When("uge 37", date(2027, 9, 13), date(2027, 9, 19))
    form = _answer(case, 0, {"offers": True, "runs": 2, "when": when})
    assert not Commitment.objects.exists()
    form = form_cycle.submit_form(
        actor=case.coordinator(), now=NOW, form=form, expected_version=form.version
    )
    cell = Commitment.objects.get()
    assert (cell.role, cell.runs, cell.starts_on) == (CommitmentRole.OWN, 2, when.starts_on)
    assert not cell.is_pinned
    assert MailMessage.objects.filter(category="coordination.form_returned").count() == 1
    form = _answer(case, 0, {"offers": False, "runs": None, "when": None})
    form_cycle.submit_form(
        actor=case.coordinator(), now=NOW, form=form, expected_version=form.version
    )
    cell.refresh_from_db()
    assert cell.role == CommitmentRole.NONE


def test_a_cell_that_people_decided_is_left_alone(case: RoundCase) -> None:
    cell = case.commit(case.rows[0], 0, runs=5, is_pinned=True)
    form = _answer(case, 0, {"offers": False})
    form_cycle.submit_form(
        actor=case.coordinator(), now=NOW, form=form, expected_version=form.version
    )
    cell.refresh_from_db()
    assert (cell.role, cell.runs) == (CommitmentRole.OWN, 5)


def test_an_empty_or_stale_hand_in_is_refused(case: RoundCase) -> None:
    form = Form.objects.get(round=case.round, organisation=case.schools[0])
    Form.objects.filter(pk=form.pk).update(status=FormStatus.SENT)
    with pytest.raises(Invalid):
        form_cycle.submit_form(
            actor=case.coordinator(), now=NOW, form=form, expected_version=form.version
        )
    form = _answer(case, 0, {"offers": True})
    with pytest.raises(Conflict):
        form_cycle.submit_form(actor=case.coordinator(), now=NOW, form=form, expected_version=99)
    assert not Commitment.objects.exists()


def test_another_school_sees_neither_form_nor_a_foreign_round(case: RoundCase) -> None:
    other = make_round(fkb="9333")
    with pytest.raises(NotFound):
        round_queries.get_form(case.coordinator(0), case.round.pk, case.schools[1].pk)
    with pytest.raises(NotFound):
        round_queries.get_round(case.coordinator(0), other.round.pk)
    with pytest.raises(Forbidden):
        _answer_for_other(case)


def _answer_for_other(case: RoundCase) -> None:
    form = Form.objects.get(round=case.round, organisation=case.schools[1])
    forms.save_intents(
        actor=case.coordinator(0),
        now=NOW,
        form=form,
        changes=[IntentChange(case.rows[0].pk, {"offers": True})],
        source=IntentSource.SCREEN,
    )


def test_a_gap_is_a_duty_that_nobody_offers(case: RoundCase) -> None:
    case.commit(case.rows[0], 0, role="own")
    case.commit(case.rows[1], 0, role="none")
    overview = round_queries.round_overview(case.secretariat, case.round.pk)
    assert (overview.courses, overview.gaps) == (3, 2)


def test_pages_cost_the_same_number_of_queries_at_any_size(client: Client) -> None:
    counts = []
    for size, fkb in ((1, "9333"), (4, "9444")):
        case = make_round(status="collecting", schools=size, courses=size, fkb=fkb)
        client.force_login(case.secretariat_person)
        for name in ("coordination:round", "coordination:rounds"):
            args = [case.round.pk] if name.endswith(":round") else []
            with CaptureQueriesContext(connection) as queries:
                assert client.get(reverse(name, args=args)).status_code == 200
            counts.append((name, len(queries)))
    assert counts[:2] == counts[2:]


class TestScreen:
    """The form's page and the calls its script makes."""

    @pytest.fixture
    def page(self, case: RoundCase, client: Client) -> str:
        Form.objects.filter(round=case.round).update(status=FormStatus.SENT)
        client.force_login(case.people[0])
        return reverse("coordination:form", args=[case.round.pk, case.schools[0].pk])

    def test_what_was_typed_is_saved_and_read(
        self, case: RoundCase, client: Client, page: str
    ) -> None:
        pk = case.rows[0].pk
        answer = client.post(
            f"{page}gem/", {f"seen-{pk}": "0", f"runs-{pk}": "2 hold", f"when-{pk}": "uge 37"}
        ).json()
        line = answer["lines"][str(pk)]
        assert line["texts"]["offers"] == "ja"
        assert line["texts"]["runs"] == "2"
        assert line["errors"] == {}
        intent = Intent.objects.get()
        assert intent.starts_on == date(2027, 9, 13)

    def test_what_cannot_be_read_is_told_and_nothing_else_is_lost(
        self, case: RoundCase, client: Client, page: str
    ) -> None:
        pk = case.rows[0].pk
        answer = client.post(
            f"{page}gem/", {f"seen-{pk}": "0", f"runs-{pk}": "mange", f"note-{pk}": "kun forår"}
        ).json()
        assert "runs" in answer["lines"][str(pk)]["errors"]
        assert Intent.objects.get().note == "kun forår"

    def test_the_second_tab_is_told(self, case: RoundCase, client: Client, page: str) -> None:
        pk = case.rows[0].pk
        client.post(f"{page}gem/", {f"seen-{pk}": "0", f"runs-{pk}": "2"})
        late = client.post(f"{page}gem/", {f"seen-{pk}": "0", f"runs-{pk}": "5"})
        assert late.status_code == 409
        assert late.json()["error"]
        assert late.json()["lines"][str(pk)]["texts"]["runs"] == "2"

    def test_it_works_without_script(self, case: RoundCase, client: Client, page: str) -> None:
        pk = case.rows[0].pk
        answer = client.post(
            page, {f"seen-{pk}": "0", f"offers-{pk}": "ja", f"runs-{pk}": "3", f"when-{pk}": "Q3"}
        )
        assert answer.status_code == 302
        intent = Intent.objects.get()
        assert (intent.offers, intent.runs, intent.when_text) == (True, 3, "3. kvartal")

    def test_a_reader_sees_it_and_can_change_nothing(
        self, case: RoundCase, client: Client, page: str
    ) -> None:
        Form.objects.filter(round=case.round).update(status=FormStatus.ACCEPTED)
        assert "disabled" in client.get(page).content.decode()

    def test_a_stranger_finds_nothing(self, client: Client, page: str) -> None:
        client.force_login(make_round(fkb="9333").people[0])
        assert client.get(page).status_code == 404
        assert client.post(f"{page}gem/", {}).status_code == 404


class TestMore:
    """Schools and FKBs that come in later, and FKBs that are taken out in time."""

    def test_a_school_and_an_fkb_are_taken_in_from_the_page(self, client: Client) -> None:
        case = make_round(status="collecting", schools=3)
        late = case.schools[2]
        case.round.schools.filter(organisation=late).delete()
        case.round.forms.filter(organisation=late).delete()
        client.force_login(case.secretariat_person)
        page = reverse("coordination:add_to_round", args=[case.round.pk])
        assert late.name in client.get(page).content.decode()
        assert client.post(page, {"schools": [late.pk]}).status_code == 302
        assert case.round.forms.get(organisation=late).status == FormStatus.DRAFT
        client.post(page, {"schools": [late.pk]})
        assert case.round.forms.filter(organisation=late).count() == 1

    def test_an_fkb_is_taken_out_only_before_the_forms_are_sent(self, client: Client) -> None:
        case = make_round(status="draft")
        client.force_login(case.secretariat_person)
        out = reverse("coordination:remove_fkb", args=[case.round.pk])
        Round.objects.filter(pk=case.round.pk).update(status="collecting")
        assert client.post(out, {"fkb": case.fkb.fkb.number}).status_code == 409
        Round.objects.filter(pk=case.round.pk).update(status="draft")
        client.post(out, {"fkb": case.fkb.fkb.number})
        assert not case.round.fkbs.exists()

    def test_a_school_may_not(self, client: Client) -> None:
        case = make_round(status="collecting")
        client.force_login(case.people[0])
        page = reverse("coordination:add_to_round", args=[case.round.pk])
        assert client.get(page).status_code == 403
        assert client.post(page, {}).status_code == 403


def test_every_page_of_the_round_renders_and_leads_back(client: Client, case: RoundCase) -> None:
    Form.objects.filter(round=case.round).update(status=FormStatus.RETURNED)
    client.force_login(case.secretariat_person)
    back = reverse("coordination:round", args=[case.round.pk])
    school = case.schools[0].pk
    for name, args in (
        ("change_round", [case.round.pk]),
        ("add_to_round", [case.round.pk]),
        ("reopen_form", [case.round.pk, school]),
    ):
        page = client.get(reverse(f"coordination:{name}", args=args)).content.decode()
        assert page.count(f'href="{back}"') >= 2, name
    page = client.get(reverse("coordination:open_round", args=[case.network.pk])).content.decode()
    assert page.count(f'href="{reverse("coordination:rounds")}"') >= 2


def test_a_school_is_not_shown_forms_it_may_not_send(client: Client, case: RoundCase) -> None:
    client.force_login(case.people[0])
    for name, args in (
        ("change_round", [case.round.pk]),
        ("reopen_form", [case.round.pk, case.schools[0].pk]),
    ):
        assert client.get(reverse(f"coordination:{name}", args=args)).status_code == 403


def test_a_school_that_has_left_sees_the_network_no_more(case: RoundCase) -> None:
    mine = Network.objects.visible_to(case.coordinator(0))
    assert list(mine) == [case.network]
    places = Membership.objects.filter(organisation=case.schools[0])
    places.update(valid_to=clock.today() + timedelta(days=1))
    assert mine.all().exists()
    places.update(valid_to=clock.today() - timedelta(days=1))
    assert not mine.all().exists()
