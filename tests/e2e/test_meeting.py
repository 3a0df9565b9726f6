"""The coordination meeting in two browsers: the leader decides by keyboard, the others follow."""

from __future__ import annotations

import io
import re

import pypdf
import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from samspil.coordination.domain import meetings
from samspil.coordination.interfaces import meeting_live
from samspil.coordination.models import Commitment, Meeting, MeetingDecision, MeetingTask
from samspil.kernel import clock, outbox
from tests.factories.board import RoundCase, make_round


@pytest.fixture(autouse=True)
def new_process() -> None:
    """Each test's database is a new one, whatever the process remembers."""
    meeting_live.forget()


@pytest.fixture
def case() -> RoundCase:
    """Three gaps; the first in the order is the one with most learners, row 2."""
    case = make_round(schools=3, courses=3)
    case.intend(case.rows[2], 1, take_on_days="6")
    case.intend(case.rows[2], 0, will_follow=True)
    return case


@pytest.fixture
def begun(case: RoundCase) -> Meeting:
    return meetings.begin_meeting(actor=case.secretariat, now=clock.now(), round=case.round)


def url(case: RoundCase, name: str = "meeting") -> str:
    return reverse(f"coordination:{name}", args=[case.round.pk])


def title(case: RoundCase, row: int) -> str:
    return f"{case.rows[row].course.number} {case.rows[row].course.title}"


def leads(page: Page, case: RoundCase, row: int) -> None:
    """The leader's page shows this gap, and its keys answer."""
    expect(page.locator("[data-ready] .meet-title")).to_have_text(title(case, row))


def test_the_leader_decides_by_keyboard_and_everybody_sees_it(
    page, new_context, case, sign_in, axe, shot
):
    viewer = new_context().new_page()
    sign_in(viewer, case.people[0])
    viewer.goto(url(case))
    expect(viewer.locator(".meet-title")).to_have_text("Mødet er ikke begyndt")

    sign_in(page, case.secretariat_person)
    page.goto(url(case))
    axe(page)
    page.get_by_role("button", name="Begynd mødet").click()
    leads(page, case, 2)
    axe(page)
    shot(page, "meeting-lead")
    expect(viewer.locator(".meet-title")).to_have_text(title(case, 2))
    axe(viewer)
    shot(viewer, "meeting-watch")
    assert viewer.get_by_role("button", name="Vestby SOSU").count() == 0

    page.keyboard.press("j")
    leads(page, case, 1)
    expect(viewer.locator(".meet-title")).to_have_text(title(case, 1))
    page.keyboard.press("k")
    leads(page, case, 2)

    # 1 is the school with capacity
    page.keyboard.press("1")
    expect(page.locator(".messages")).to_contain_text("Gemt. Vestby SOSU: eget udbud")
    expect(viewer.locator(".meet-done")).to_contain_text("Vestby SOSU: eget udbud")
    expect(viewer.locator(".meet-title")).to_have_text(title(case, 1))
    assert Commitment.objects.get().organisation == case.schools[1]

    leads(page, case, 1)
    page.keyboard.press("z")
    expect(page.locator(".messages")).to_contain_text("Fortrudt")
    expect(viewer.locator(".meet-done")).to_contain_text("Intet endnu")
    expect(viewer.locator(".meet-title")).to_have_text(title(case, 2))


def test_a_joint_run_and_a_gap_put_off_by_keyboard(page, case, begun, sign_in, axe):
    sign_in(page, case.secretariat_person)
    page.goto(url(case))
    leads(page, case, 2)
    page.keyboard.press("f")
    expect(page.get_by_label("Udbydende skole")).to_be_focused()
    expect(page.get_by_label("Udbydende skole")).to_have_value(str(case.schools[1].pk))
    axe(page)
    page.keyboard.press("Escape")
    expect(page.get_by_label("Udbydende skole")).to_be_hidden()
    page.keyboard.press("f")
    panel = page.locator('details[data-panel="f"]')
    panel.get_by_label("Hvornår").fill("måske snart")
    panel.get_by_label("Hvornår").press("Enter")
    expect(panel).to_have_attribute("open", "")
    expect(panel.get_by_label("Hvornår")).to_have_attribute("aria-invalid", "true")
    axe(page)
    panel.get_by_label("Hvornår").fill("uge 37")
    panel.get_by_label("Hvornår").press("Enter")
    expect(page.locator(".messages")).to_contain_text("Østby SOSU følger")
    roles = {c.organisation_id: c.role for c in Commitment.objects.all()}
    assert roles == {case.schools[1].pk: "holder", case.schools[0].pk: "follower"}

    leads(page, case, 1)
    page.keyboard.press("s")
    page.keyboard.type("Spørg nabokredsen")
    page.keyboard.press("Enter")
    expect(page.locator(".meet-left")).to_contain_text("senere")
    task = MeetingTask.objects.get()
    assert (task.text, task.organisation) == ("Spørg nabokredsen", None)


def test_the_keys_can_be_turned_off(page, case, begun, sign_in):
    sign_in(page, case.secretariat_person)
    page.goto(url(case))
    leads(page, case, 2)
    page.keyboard.press("?")
    page.get_by_text("Brug tasterne").click()
    page.keyboard.press("Escape")
    page.keyboard.press("1")
    page.keyboard.press("j")
    page.reload()
    expect(page.locator(".meet-title")).to_have_text(title(case, 2))
    assert not MeetingDecision.objects.exists()


def test_a_viewer_whose_network_drops_catches_up(page, case, begun, sign_in, complaints):
    sign_in(page, case.people[0])
    page.goto(url(case))
    expect(page.locator(".meet-title")).to_have_text(title(case, 2))
    page.context.set_offline(True)
    line = page.locator("[data-line]")
    expect(line).to_contain_text("Forbindelsen er væk")
    expect(line).to_be_visible()
    meetings.take_gap(
        actor=case.secretariat,
        now=clock.now(),
        meeting=begun,
        row_id=case.rows[2].pk,
        organisation_id=case.schools[2].pk,
    )
    page.context.set_offline(False)
    expect(page.locator(".meet-done")).to_contain_text("Sønderby SOSU: eget udbud")
    expect(line).to_be_hidden()


def test_what_a_second_leader_writes_is_not_thrown_away(page, case, begun, sign_in):
    sign_in(page, case.secretariat_person)
    page.goto(url(case))
    leads(page, case, 2)
    page.keyboard.press("a")
    field = page.locator('details[data-panel="a"]').get_by_label("Begrundelse")
    field.fill("Målet nedlægges")
    meetings.take_gap(
        actor=case.secretariat,
        now=clock.now(),
        meeting=begun,
        row_id=case.rows[2].pk,
        organisation_id=case.schools[2].pk,
    )
    expect(page.locator("[data-changed]")).to_be_visible()
    expect(field).to_have_value("Målet nedlægges")
    field.press("Enter")
    expect(page.locator(".messages")).to_contain_text("har allerede besluttet")
    assert MeetingDecision.objects.count() == 1


def test_without_script_a_gap_is_decided_and_followed_by_reload(new_context, case, begun, sign_in):
    plain = new_context(java_script_enabled=False)
    page = plain.new_page()
    sign_in(page, case.secretariat_person)
    page.goto(url(case))
    page.get_by_role("button", name=re.compile("Nordby|Sønderby SOSU")).click()
    expect(page.locator(".messages")).to_contain_text("Gemt.")
    viewer = new_context(java_script_enabled=False).new_page()
    sign_in(viewer, case.people[0])
    viewer.goto(url(case))
    expect(viewer.locator(".meet-done")).to_contain_text("Sønderby SOSU")
    meetings.undo_decision(
        actor=case.secretariat, now=clock.now(), decision=MeetingDecision.objects.get()
    )
    viewer.get_by_role("link", name="Hent siden igen").click()
    expect(viewer.locator(".meet-done")).to_contain_text("Intet endnu")


def test_the_end_writes_the_minutes(page, case, begun, sign_in, axe, shot, smtp_server):
    meetings.put_off_gap(
        actor=case.secretariat,
        now=clock.now(),
        meeting=begun,
        row_id=case.rows[2].pk,
        text="Spørg nabokredsen",
        organisation_id=case.schools[0].pk,
        due_on=clock.today(),
    )
    sign_in(page, case.secretariat_person)
    page.goto(url(case))
    page.get_by_role("link", name="Afslut mødet").click()
    axe(page)
    shot(page, "meeting-end")
    page.get_by_role("button", name="Afslut, og send referatet").click()
    expect(page.locator("h1")).to_contain_text("Referat af koordineringsmødet 2027")
    axe(page)
    shot(page, "meeting-minutes")
    outbox.run_due(clock.now())
    outbox.run_due(clock.now())
    assert {mail.recipients[0] for mail in smtp_server.inbox.received} == {
        case.secretariat_person.email,
        *(person.email for person in case.people),
    }
    page.reload()
    with page.expect_download() as download:
        page.get_by_role("link", name="Hent referatet (PDF)").click()
    content = download.value.path().read_bytes()
    text = pypdf.PdfReader(io.BytesIO(content)).pages[0].extract_text()
    assert "Spørg nabokredsen" in text

    sign_in(page, case.people[0])
    page.goto("/")
    page.get_by_role("link", name="Spørg nabokredsen").click()
    page.get_by_role("button", name="Meld klaret Spørg nabokredsen").click()
    expect(page.locator("table")).to_contain_text("Klaret")
    page.goto("/")
    expect(page.get_by_role("link", name="Spørg nabokredsen")).to_have_count(0)
