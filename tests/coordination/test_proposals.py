"""Proposals: asked for, read, used in whole or in part, refused, overtaken."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from planning.coverage import solve
from planning.planners import COVERAGE
from samspil.catalogue.models import CourseActivity
from samspil.coordination.domain import board, planning, proposal_queries, proposals
from samspil.coordination.domain.board import CellChange
from samspil.coordination.models import ChangeSet, Commitment, Proposal, ProposalLine, RoundFkb
from samspil.kernel import calculations, outbox
from samspil.kernel.audit import history
from samspil.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from samspil.kernel.models import Calculation
from samspil.kernel.tasks import tasks_for
from samspil.network.models import Municipality, Territory
from tests.factories.board import NOW, RoundCase, make_round
from tests.factories.proposals import answer, ask, calculation_of, request
from tests.factories.proposals import solve as solve_calculation

pytestmark = pytest.mark.django_db


@pytest.fixture
def case() -> RoundCase:
    """Course 0 can be held by school 0, and school 1 follows; course 1 by school 1; course 2 by nobody.

    Course 3 has low activity, school 0 offers it and school 2 would follow.
    """
    case = make_round(courses=4)
    case.intend(case.rows[0], 0, take_on_days=Decimal(6), when_text="uge 37", starts_on=date(2027, 9, 13),
                ends_on=date(2027, 9, 19), guarantee=True)  # fmt: skip
    case.intend(case.rows[0], 1, will_follow=True)
    case.intend(case.rows[1], 1, take_on_days=Decimal(3))
    case.intend(case.rows[3], 0, offers=True, runs=2)
    case.intend(case.rows[3], 2, will_follow=True)
    case.commit(case.rows[3], 0, "own", runs=2, when_text="uge 9", origin="form")
    type(case.rows[3]).objects.filter(pk=case.rows[3].pk).update(activity=2)
    return case


def line(proposal: Proposal, case: RoundCase, row: int, school: int | None) -> ProposalLine:
    organisation = None if school is None else case.schools[school]
    return proposal.lines.get(round_course=case.rows[row], organisation=organisation)


def cell(case: RoundCase, row: int, school: int) -> Commitment | None:
    return Commitment.objects.filter(
        round_course=case.rows[row], organisation=case.schools[school]
    ).first()


def use(case: RoundCase, proposal: Proposal, *lines: ProposalLine, **values) -> proposals.Used:
    ids = [x.pk for x in lines] if lines else None
    return proposals.use_proposal(
        **{"actor": case.secretariat, "now": NOW, "proposal": proposal, "line_ids": ids, **values}
    )


# ------------------------------------------------------------------ asked and answered


def test_a_proposal_has_a_line_per_cell_and_per_course_left(case: RoundCase) -> None:
    proposal = ask(case, case.fkb)
    assert proposal.status == "ready"
    assert proposal.statistics["asked"] == 4
    assert (proposal.statistics["covered"], proposal.statistics["gaps"]) == (2, 3)
    assert proposal.statistics["is_most"]
    found = {(x.round_course_id, x.organisation_id, x.role) for x in proposal.lines.all()}
    ids, rows = [s.pk for s in case.schools], [r.pk for r in case.rows]
    assert found == {
        (rows[0], ids[0], "holder"),
        (rows[0], ids[1], "follower"),
        (rows[1], ids[1], "holder"),
        (rows[2], None, ""),
        (rows[3], ids[2], "follower"),
    }
    assert line(proposal, case, 0, 0).when_text == "uge 37"
    assert Commitment.objects.count() == 1  # a proposal changes nothing on the board


def test_the_answer_can_be_repeated_from_its_json(case: RoundCase) -> None:
    proposal = Proposal.objects.get(pk=ask(case).pk)
    again = solve(COVERAGE.read_problem(proposal.problem))
    assert again.solution == COVERAGE.read_solution(proposal.solution)


def test_asking_answers_at_once_and_leaves_the_sums_to_the_worker(case: RoundCase) -> None:
    proposal = request(case)
    assert (proposal.status, proposal.lines.count()) == ("queued", 0)
    calculation = calculation_of(proposal)
    assert calculation.status == "queued"
    assert calculation.problem == proposal.problem
    assert calculation.seconds > 2
    claimed = calculations.claim(NOW)
    assert claimed is not None
    calculations.finish(claimed, now=NOW, result=solve_calculation(claimed))
    assert outbox.run_due(NOW + timedelta(seconds=1)) == 1
    proposal.refresh_from_db()
    assert proposal.status == "ready"
    assert proposal.lines.count() == 5
    # The answer lives with the proposal now; a job done twice, as after a worker's death, does nothing.
    assert calculation_of(proposal).result is None
    proposals.answer_when_calculated({"calculation": calculation.pk}, now=NOW)
    assert proposal.lines.count() == 5


def test_an_answer_that_breaks_a_rule_leaves_nothing_to_use(case: RoundCase) -> None:
    asked = request(case)
    written = solve_calculation(calculation_of(asked))
    one = written["solution"]["assignments"][0]
    written["solution"]["assignments"] += [{**one, "school": case.schools[2].key}]
    proposal = answer(asked, written)
    assert (proposal.status, proposal.statistics["failure"]) == ("failed", "broke_rules")
    assert proposal.lines.count() == 0
    with pytest.raises(Conflict):
        use(case, proposal)


@pytest.mark.parametrize(
    ("failure", "words"),
    [
        ("memory", "for én FKB ad gangen"),
        ("clock", "i tide"),
        ("crashed", "Prøv igen."),
        ("unreadable", "Prøv igen."),
    ],
)
def test_a_failure_is_told_with_what_to_do(case: RoundCase, failure: str, words: str) -> None:
    proposal = answer(request(case), failure=failure)
    with translation.override("da"):
        strip = proposal_queries.page(case.secretariat, proposal.pk, NOW).strip
        tasks = [t.title for t in tasks_for(case.secretariat, NOW.date())]
    assert (proposal.status, strip.headline) == ("failed", "Forslaget kunne ikke beregnes")
    assert words in strip.trouble
    assert "Forslaget kunne ikke beregnes" in tasks


def test_a_calculation_that_broke_off_leaves_its_best_as_a_proposal(case: RoundCase) -> None:
    asked = request(case)
    best = {**solve_calculation(calculation_of(asked)), "status": "stopped"}
    proposal = answer(asked, best, failure="crashed")
    with translation.override("da"):
        strip = proposal_queries.page(case.secretariat, proposal.pk, NOW).strip
    assert proposal.status == "ready"
    assert "det bedste, den nåede at finde" in strip.trouble
    assert not strip.is_whole


def test_facts_that_contradict_each_other_are_listed(case: RoundCase) -> None:
    asked = request(case)
    written = solve_calculation(calculation_of(asked))
    school = case.schools[0].key
    facts = [{"code": "decided_no", "schools": [school]}, {"code": "nobody_can"}]
    whole = {"subject": "", "is_smallest": True, "facts": facts}
    proposal = answer(asked, {**written, "status": "impossible", "contradictions": [whole]})
    with translation.override("da"):
        page = proposal_queries.page(case.secretariat, proposal.pk, NOW)
    assert proposal.status == "failed"
    assert "modsiger sig selv" in page.strip.trouble
    assert page.impossible == (
        "Det er besluttet, at Østby SOSU ikke skal tage målet.",
        "Ingen godkendt skole har sagt, at den kan tage målet.",
    )


def test_a_gap_tells_which_facts_are_against_it(case: RoundCase, secretary: Client) -> None:
    asked = request(case)
    written = solve_calculation(calculation_of(asked))
    gap = next(x["course"] for x in written["explanations"] if not x["school"])
    fact = {"code": "decided_no", "schools": [case.schools[1].key]}
    told = {"subject": gap, "is_smallest": True, "facts": [fact]}
    proposal = answer(asked, {**written, "contradictions": [told]})
    page = secretary.get(reverse("coordination:proposal", args=[proposal.pk])).content.decode()
    assert "Det her kan ikke lade sig gøre på én gang:" in page
    assert "<li>Det er besluttet, at Vestby SOSU ikke skal tage målet.</li>" in page


# ------------------------------------------------------------------ followed and stopped


def test_the_page_follows_the_calculation(case: RoundCase, secretary: Client) -> None:
    proposal = request(case)
    with translation.override("da"):
        page = proposal_queries.page(case.secretariat, proposal.pk, NOW)
        late = proposal_queries.page(case.secretariat, proposal.pk, NOW + timedelta(minutes=5))
    assert page.running is not None and late.running is not None
    assert page.running.lines == ("Beregningen begynder om et øjeblik.",)
    assert "sig det til den, der driver Samspil" in late.running.lines[0]
    assert not page.running.has_best
    claimed = calculations.claim(NOW)
    assert claimed is not None
    bounds = [
        {"term": "covered", "value": 2, "best_possible": 3},
        {"term": "burden", "value": 7, "best_possible": None},
    ]
    calculations.keep(claimed, now=NOW, progress={"seconds": 12.4, "bounds": bounds})
    with translation.override("da"):
        page = proposal_queries.page(case.secretariat, proposal.pk, NOW)
    assert page.running is not None
    assert page.running.lines == (
        "Det bedste forslag indtil nu lukker 2 af 3 huller.",
        "Det er bevist, at højst 3 kan lukkes.",
        "Har regnet i 12 sekunder.",
    )
    text = secretary.get(reverse("coordination:proposal", args=[proposal.pk])).content.decode()
    assert "Stop og brug det bedste indtil nu" in text
    bounds[0]["best_possible"] = 2
    calculations.keep(claimed, now=NOW, progress={"seconds": 150.0, "bounds": bounds})
    with translation.override("da"):
        page = proposal_queries.page(case.secretariat, proposal.pk, NOW)
        dead = proposal_queries.page(case.secretariat, proposal.pk, NOW + timedelta(minutes=1))
    assert page.running is not None and dead.running is not None
    assert page.running.lines[1:] == (
        "Det er bevist, at flere ikke kan lukkes.",
        "Nu regnes på resten: jævn deling af pligten.",
        "Har regnet i 2 minutter.",
    )
    assert "fortsætter af sig selv" in dead.running.lines[-1]


def test_stopping_asks_the_worker_for_its_best(case: RoundCase, secretary: Client) -> None:
    proposal = request(case)
    address = reverse("coordination:stop_proposal", args=[proposal.pk])
    page = secretary.post(address, follow=True).content.decode()
    assert "Stopper." in page
    assert "Stop og brug det bedste" not in page
    calculation = calculation_of(proposal)
    assert calculation.asked_to_stop_at is not None
    assert not proposals.stop_proposal(actor=case.secretariat, now=NOW, proposal=proposal)
    answered = answer(proposal, {**solve_calculation(calculation), "status": "stopped"})
    with translation.override("da"):
        strip = proposal_queries.page(case.secretariat, answered.pk, NOW).strip
    assert strip.standing.startswith("Stoppet, før alt var regnet igennem.")
    with pytest.raises(Conflict):
        proposals.stop_proposal(actor=case.secretariat, now=NOW, proposal=proposal)
    assert "allerede beregnet" in secretary.post(address, follow=True).content.decode()


def test_a_proposal_that_is_discarded_while_it_is_calculated_stays_so(case: RoundCase) -> None:
    proposal = request(case)
    claimed = calculations.claim(NOW)
    assert claimed is not None
    proposals.discard_proposal(actor=case.secretariat, now=NOW, proposal=proposal)
    assert not calculations.keep(claimed, now=NOW)  # the worker finds out, and ends it
    answer(proposal)
    proposal.refresh_from_db()
    assert (proposal.status, proposal.lines.count()) == ("discarded", 0)


def test_a_new_one_goes_on_from_the_best_of_one_that_was_not_finished(case: RoundCase) -> None:
    first = request(case)
    claimed = calculations.claim(NOW)
    assert claimed is not None
    best = solve_calculation(claimed)
    calculations.keep(claimed, now=NOW, best=best)
    second = request(case)
    assert calculation_of(second).first == best
    first.refresh_from_db()
    assert first.status == "discarded"
    assert Calculation.objects.get(pk=claimed.pk).status == "dropped"


def test_how_good_an_answer_is_known_to_be(case: RoundCase) -> None:
    def words(status: str, bounds: list[dict[str, object]]) -> str:
        asked = request(case)
        written = {**solve_calculation(calculation_of(asked)), "status": status, "bounds": bounds}
        with translation.override("da"):
            return proposal_queries.page(
                case.secretariat, answer(asked, written).pk, NOW
            ).strip.standing

    best = {"term": "covered", "value": 2, "best_possible": 2}
    near = {"term": "travel", "value": 1000, "best_possible": 977}
    open_ = {"term": "burden", "value": 9, "best_possible": None}
    assert words("proven", [best]) == "Bevist bedst: intet andet forslag er bedre."
    assert words("bounded", [best, near]) == "Højst 2,3 % fra det bedste (korte afstande)."
    assert words("stopped", [best, open_]) == (
        "Stoppet, før alt var regnet igennem. "
        "Det er ikke bevist, hvor langt der er til det bedste (jævn deling af pligten)."
    )


def test_a_proposal_that_is_ready_is_a_task_until_it_is_decided_on(case: RoundCase) -> None:
    def tasks() -> list[str]:
        with translation.override("da"):
            found = tasks_for(case.secretariat, NOW.date())
        return [task.title for task in found if "forslag" in task.url]

    request(case)
    assert tasks() == []
    proposal = answer(Proposal.objects.get())
    assert tasks() == ["Tag stilling til forslaget for 2027"]
    assert not [t for t in tasks_for(case.coordinator(0), NOW.date()) if "forslag" in t.url]
    use(case, proposal)
    assert tasks() == []


def test_a_new_one_puts_the_earlier_away_and_starts_from_it(case: RoundCase) -> None:
    first = ask(case)
    second = ask(case)
    first.refresh_from_db()
    assert (first.status, second.status) == ("discarded", "ready")
    assert second.solution["solution"] == first.solution["solution"]


def test_a_decision_changes_little_else(case: RoundCase, secretary: Client) -> None:
    """While a proposal is on the table the next stays close to it; one that was put away is no guide."""
    for row in (0, 1):
        case.intend(case.rows[row], 2, take_on_days=Decimal(9))
    first = ask(case, case.fkb)
    held = {x.round_course_id: x for x in first.lines.filter(role="holder")}
    rejected = held[case.rows[1].pk]
    proposals.reject_proposal_lines(
        actor=case.secretariat, now=NOW, proposal=first, line_ids=[rejected.pk]
    )
    again = ask(case, case.fkb)
    assert {x["course"] for x in again.problem["previous"]} == {
        f"9222/{case.rows[row].course.number}" for row in (0, 1)
    }
    after = {x.round_course_id: x.organisation_id for x in again.lines.filter(role="holder")}
    assert after[case.rows[0].pk] == held[case.rows[0].pk].organisation_id
    assert after[case.rows[1].pk] != rejected.organisation_id
    page = secretary.get(reverse("coordination:proposal", args=[again.pk])).content.decode()
    assert "Så få ændringer siden det forrige forslag som muligt" in page
    proposals.discard_proposal(actor=case.secretariat, now=NOW, proposal=again)
    assert "previous" not in request(case, case.fkb).problem


def test_only_the_secretariat_asks_and_decides(case: RoundCase) -> None:
    with pytest.raises(Forbidden):
        request(case, actor=case.coordinator(0))
    proposal = ask(case)
    for verb in (
        lambda: use(case, proposal, actor=case.coordinator(0)),
        lambda: proposals.reject_proposal_lines(
            actor=case.coordinator(0), now=NOW, proposal=proposal, line_ids=[1]
        ),
        lambda: proposals.discard_proposal(actor=case.coordinator(0), now=NOW, proposal=proposal),
        lambda: proposals.stop_proposal(actor=case.coordinator(0), now=NOW, proposal=proposal),
        lambda: proposals.answer_proposal(
            actor=case.secretariat,
            now=NOW,
            proposal=proposal,
            calculation=calculation_of(proposal),
        ),
    ):
        with pytest.raises(Forbidden):
            verb()


def test_nothing_to_propose_about_is_said(case: RoundCase) -> None:
    RoundFkb.objects.update(status="frozen")
    with pytest.raises(Conflict):
        ask(case)


# ------------------------------------------------------------------ used


def test_using_all_fills_the_board_in_one_step_that_can_be_undone(case: RoundCase) -> None:
    proposal = ask(case, case.fkb)
    used = use(case, proposal)
    assert (used.taken, used.stale) == (4, 0)
    held = cell(case, 0, 0)
    assert held is not None
    assert (held.role, held.runs, held.when_text, held.guarantee) == ("holder", 1, "uge 37", True)
    assert held.starts_on == date(2027, 9, 13)
    assert (held.origin, held.is_pinned) == ("proposal", True)
    follower = cell(case, 0, 1)
    assert follower is not None
    assert follower.role == "follower"
    # The only school that offered the course becomes the holder that the other follows.
    led = cell(case, 3, 0)
    assert led is not None
    assert (led.role, led.runs, led.when_text, led.origin) == ("holder", 2, "uge 9", "form")
    proposal.refresh_from_db()
    assert proposal.status == "used"
    assert ChangeSet.objects.get().kind == "proposal"
    assert used.change_set is not None
    board.undo_change(actor=case.secretariat, now=NOW, change_set=used.change_set)
    assert not Commitment.objects.filter(role__in=("holder", "follower")).exists()
    led.refresh_from_db()
    assert led.role == "own"


def test_a_school_that_told_no_time_gets_a_quarter_with_its_dates(case: RoundCase) -> None:
    proposal = ask(case)
    proposed = line(proposal, case, 1, 1)
    quarter = proposed.reason["quarter"]
    assert proposed.when_text == f"{quarter}. kvartal"
    assert "in_quarter" in {m["code"] for m in proposed.reason["messages"]}
    use(case, proposal)
    held = cell(case, 1, 1)
    assert held is not None
    assert (held.when_text, (held.starts_on, held.ends_on)) == (
        proposed.when_text,
        planning.quarter_dates(2027, quarter),
    )


def test_an_extra_offer_near_those_who_have_far_becomes_the_schools_own() -> None:
    case = make_round(courses=1)
    for school, lat in zip(case.schools, (55.0, 57.5, 55.0), strict=True):
        type(school).objects.filter(pk=school.pk).update(lat=lat, lon=10.0)
    north = Municipality.objects.create(code="0860", name="Nord", lat=57.5, lon=10.0, population=9)
    Territory.objects.create(organisation=case.schools[1], municipality=north)
    CourseActivity.objects.create(
        course=case.rows[0].course, organisation=case.schools[1], year=2025, learners=20
    )
    case.commit(case.rows[0], 0, "own", origin="form")
    case.intend(case.rows[0], 1, take_on_days=Decimal(6))
    proposal = ask(case)
    assert [(x.organisation_id, x.role) for x in proposal.lines.all()] == [
        (case.schools[1].pk, "own")
    ]
    strip = proposal_queries.strip(case.secretariat, case.round, gaps=0)
    assert "1 ekstra udbud" in strip.headline
    assert any(case.rows[0].course.number in fact for fact in strip.facts)
    use(case, proposal)
    extra = cell(case, 0, 1)
    assert extra is not None
    assert (extra.role, extra.is_pinned) == ("own", True)


def test_using_some_leaves_the_rest_open(case: RoundCase) -> None:
    proposal = ask(case)
    used = use(case, proposal, line(proposal, case, 1, 1))
    assert used.taken == 1
    assert cell(case, 0, 0) is None
    proposal.refresh_from_db()
    assert proposal.status == "ready"
    assert line(proposal, case, 1, 1).state == "taken"
    assert line(proposal, case, 0, 0).state == "open"
    use(case, proposal)
    proposal.refresh_from_db()
    assert proposal.status == "used"


def test_using_the_lines_of_one_fkb(case: RoundCase) -> None:
    other = case.add_fkb("9223", courses=1)
    case.intend(case.rows[4], 2, take_on_days=Decimal(3))
    proposal = ask(case)
    assert use(case, proposal, only_fkb=other).taken == 1
    assert cell(case, 4, 2) is not None
    assert cell(case, 0, 0) is None


def test_a_follower_needs_a_holder(case: RoundCase) -> None:
    proposal = ask(case)
    with pytest.raises(Invalid, match="92200"):
        use(case, proposal, line(proposal, case, 0, 1))
    assert not ChangeSet.objects.exists()


def test_nothing_chosen_is_refused(case: RoundCase) -> None:
    proposal = ask(case)
    with pytest.raises(Invalid):
        use(case, proposal, line_ids=[])
    with pytest.raises(Invalid):  # a course that stays uncovered is no choice
        use(case, proposal, line(proposal, case, 2, None))


def test_lines_that_the_board_has_overtaken_are_left_out(case: RoundCase) -> None:
    proposal = ask(case)
    board.set_cell(
        actor=case.secretariat,
        now=NOW,
        round=case.round,
        change=CellChange(case.rows[1].pk, case.schools[2].pk, "own"),
    )
    used = use(case, proposal)
    assert (used.taken, used.stale) == (3, 1)
    assert line(proposal, case, 1, 1).state == "stale"
    assert cell(case, 1, 1) is None


def test_a_school_that_left_and_a_frozen_fkb_are_left_out(case: RoundCase) -> None:
    other = case.add_fkb("9223", courses=1)
    case.intend(case.rows[4], 2, take_on_days=Decimal(3))
    proposal = ask(case)
    board.school_leaves(
        actor=case.secretariat,
        now=NOW,
        round=case.round,
        organisation=case.schools[1],
        on=NOW.date(),
    )
    RoundFkb.objects.filter(pk=other.pk).update(status="frozen")
    used = use(case, proposal)
    assert line(proposal, case, 1, 1).state == "stale"
    assert line(proposal, case, 4, 2).state == "stale"
    assert (used.taken, used.stale) == (2, 3)
    assert cell(case, 0, 0) is not None


def test_a_follower_falls_with_its_holder(case: RoundCase) -> None:
    proposal = ask(case)
    board.school_leaves(
        actor=case.secretariat,
        now=NOW,
        round=case.round,
        organisation=case.schools[0],
        on=NOW.date(),
    )
    used = use(case, proposal, line(proposal, case, 0, 0), line(proposal, case, 0, 1))
    assert (used.taken, used.stale) == (0, 2)
    assert cell(case, 0, 1) is None


def test_a_proposal_is_used_once(case: RoundCase) -> None:
    proposal = ask(case)
    use(case, proposal)
    with pytest.raises(Conflict):
        use(case, proposal)
    with pytest.raises(Conflict):
        proposals.discard_proposal(
            actor=case.secretariat, now=NOW, proposal=Proposal.objects.get(pk=proposal.pk)
        )


def test_what_is_rejected_is_not_proposed_again(case: RoundCase) -> None:
    proposal = ask(case)
    number = proposals.reject_proposal_lines(
        actor=case.secretariat,
        now=NOW,
        proposal=proposal,
        line_ids=[line(proposal, case, 0, 0).pk],
    )
    assert number == 1
    decided = cell(case, 0, 0)
    assert decided is not None
    assert (decided.role, decided.is_pinned) == ("none", True)
    assert line(proposal, case, 0, 0).state == "rejected"
    assert line(proposal, case, 0, 1).state == "stale"
    again = ask(case)
    left = line(again, case, 0, None)
    assert left.reason["messages"][0]["code"] == "decided_no"
    # Undone, it is proposed again.
    board.undo_change(actor=case.secretariat, now=NOW, change_set=ChangeSet.objects.get())
    assert line(ask(case), case, 0, 0).role == "holder"


def test_discarding_changes_nothing_on_the_board(case: RoundCase) -> None:
    proposal = ask(case)
    proposals.discard_proposal(actor=case.secretariat, now=NOW, proposal=proposal)
    assert Commitment.objects.count() == 1
    assert [event.verb for event in history(proposal)][:1] == ["coordination.discard_proposal"]


# ------------------------------------------------------------------ shown


def test_the_strip_says_what_is_proposed(case: RoundCase) -> None:
    with translation.override("da"):
        empty = proposal_queries.strip(case.secretariat, case.round, case.fkb, gaps=3)
        assert (empty.status, empty.headline) == ("none", "3 mål mangler en udbyder")
        ask(case, case.fkb)
        strip = proposal_queries.strip(case.secretariat, case.round, case.fkb, gaps=3)
    assert strip.headline == "Forslag: 2 af 3 huller kan lukkes"
    assert [(t.school, len(t.numbers)) for t in strip.takes] == [
        ("Østby SOSU", 1),
        ("Vestby SOSU", 1),
    ]
    assert strip.facts[0] == "Ingen skole får mere end 1 pligtmål ud over eget udbud."
    assert strip.facts[-1].startswith(f"Kan ikke dækkes: {case.rows[2].course.number}.")
    assert strip.may_decide


def test_the_strip_when_everything_can_be_covered(case: RoundCase) -> None:
    case.intend(case.rows[2], 2, take_on_days=Decimal(3))
    with translation.override("da"):
        ask(case, case.fkb)
        strip = proposal_queries.strip(case.coordinator(0), case.round, case.fkb, gaps=3)
        assert strip.headline == "Forslag: alle 4 mål kan dækkes"
        assert not strip.may_decide
    use(case, Proposal.objects.get())
    with translation.override("da"):
        after = proposal_queries.strip(case.secretariat, case.round, case.fkb, gaps=0)
    assert (after.status, after.headline) == ("none", "Alle mål har en udbyder")


def test_the_board_of_an_fkb_shows_its_part_of_the_rounds_proposal(case: RoundCase) -> None:
    other = case.add_fkb("9223", courses=1)
    case.intend(case.rows[4], 2, take_on_days=Decimal(3))
    ask(case)
    with translation.override("da"):
        strip = proposal_queries.strip(case.secretariat, case.round, other, gaps=1)
    assert strip.headline == "Forslag: målet kan dækkes"
    assert [take.numbers for take in strip.takes] == [(case.rows[4].course.number,)]


def test_others_do_not_see_the_rounds_proposals(case: RoundCase) -> None:
    proposal = ask(case)
    stranger = make_round(fkb="9333")
    with pytest.raises(NotFound):
        proposal_queries.page(stranger.secretariat, proposal.pk, NOW)


def test_the_page_costs_the_same_for_few_and_many_lines(case: RoundCase) -> None:
    def count(proposal: Proposal) -> int:
        with CaptureQueriesContext(connection) as queries:
            proposal_queries.page(case.secretariat, proposal.pk, NOW)
            proposal_queries.strip(case.secretariat, case.round, gaps=1)
        return len(queries)

    few = count(ask(case))
    case.add_fkb("9224", courses=20)
    for row in case.rows[4:]:
        case.intend(row, 2, take_on_days=Decimal(60))
    assert count(ask(case)) == few


@pytest.fixture
def secretary(case: RoundCase) -> Client:
    client = Client()
    client.force_login(case.secretariat_person)
    return client


def test_the_page_tells_reasons_and_what_would_help(case: RoundCase, secretary: Client) -> None:
    proposal = ask(case, case.fkb)
    page = secretary.get(reverse("coordination:proposal", args=[proposal.pk]))
    text = page.content.decode()
    assert page.status_code == 200
    assert "Den eneste godkendte skole, der har sagt, at den kan." in text
    assert "Ingen godkendt skole har sagt, at den kan tage målet." in text
    assert "Vi kender ingen godkendt skole uden for runden." in text
    assert text.count('type="checkbox"') == 4
    for label in ("Brug forslaget", "Brug de valgte", "Sig nej til de valgte", "Forkast"):
        assert label in text


def test_a_school_reads_the_page_and_is_offered_no_decision(case: RoundCase) -> None:
    proposal = ask(case, case.fkb)
    client = Client()
    client.force_login(case.people[0])
    text = client.get(reverse("coordination:proposal", args=[proposal.pk])).content.decode()
    assert "Den eneste godkendte skole" in text
    assert "Brug de valgte" not in text
    assert "Forkast" not in text
    address = reverse("coordination:use_proposal", args=[proposal.pk])
    assert client.post(address, {"all": "1"}).status_code == 403


def test_the_whole_way_by_plain_form_posts(case: RoundCase, secretary: Client) -> None:
    asked = secretary.post(
        reverse("coordination:ask_proposal", args=[case.round.pk]), {"fkb": case.fkb.pk}
    )
    proposal = answer(Proposal.objects.get())
    assert asked["Location"] == reverse("coordination:proposal", args=[proposal.pk])
    none = secretary.post(reverse("coordination:use_proposal", args=[proposal.pk]), follow=True)
    assert "Vælg mindst én linje." in none.content.decode()
    one = line(proposal, case, 1, 1)
    secretary.post(reverse("coordination:use_proposal", args=[proposal.pk]), {"lines": one.pk})
    assert cell(case, 1, 1) is not None
    other = line(proposal, case, 3, 2)
    secretary.post(reverse("coordination:reject_proposal", args=[proposal.pk]), {"lines": other.pk})
    other.refresh_from_db()
    assert other.state == "rejected"
    secretary.post(reverse("coordination:discard_proposal", args=[proposal.pk]))
    proposal.refresh_from_db()
    assert proposal.status == "discarded"


def test_a_proposal_that_is_computed_asks_again_until_it_is_there(
    case: RoundCase, secretary: Client
) -> None:
    proposal = request(case)
    address = reverse("coordination:proposal", args=[proposal.pk])
    assert "Regner …" in secretary.get(address).content.decode()
    part = secretary.get(address, headers={"HX-Request": "true"})
    assert "hx-get" in part.content.decode()
    assert "<html" not in part.content.decode()
    answer(proposal)
    assert secretary.get(address, headers={"HX-Request": "true"})["HX-Refresh"] == "true"


def test_the_problem_can_be_fetched(case: RoundCase, secretary: Client) -> None:
    proposal = ask(case)
    answer = secretary.get(reverse("coordination:proposal_problem", args=[proposal.pk]))
    assert answer["Content-Disposition"] == f'attachment; filename="forslag-{proposal.pk}.json"'
    assert COVERAGE.read_problem(answer.json()).gaps
