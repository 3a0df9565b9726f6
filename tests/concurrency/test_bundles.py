"""Plans for many courses: a worker killed in the middle goes on, two workers, two colleagues, a link beside the telephone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

from django.db import connection, connections

from samspil.enrolment.domain import moves_asking, moves_bundles, moves_elsewhere, tokens
from samspil.enrolment.models import Enrolment, MoveBundle, MoveLine, MovePlan, SeatOffer
from samspil.kernel import calculations, clock, solving
from samspil.kernel.errors import Conflict
from samspil.kernel.models import Job, MailMessage
from samspil.kernel.outbox import run_due
from samspil.runs.models import CourseRun
from tests.concurrency.test_board import run_together
from tests.factories.bundles import answered, propose, two_courses
from tests.factories.moves import make_case

ROOT = Path(__file__).resolve().parents[2]

KILLED = """
import os, signal, sys
import django
django.setup()
from django.db import connection
from samspil.enrolment.domain import moves_bundles
from samspil.kernel import clock

moves_bundles.PIECE = 1
writes = 0
def count(execute, sql, params, many, context):
    global writes
    if sql.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")):
        writes += 1
        if writes > int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
    return execute(sql, params, many, context)

with connection.execute_wrapper(count):
    moves_bundles.bundle_answered({"calculation": int(sys.argv[1])}, now=clock.now())
print(writes)
"""


def work(calculation: int, writes: int) -> subprocess.CompletedProcess[str]:
    """Make the plans in a process of its own that dies after so many writes."""
    return subprocess.run(
        [sys.executable, "-c", KILLED, str(calculation), str(writes)],
        cwd=ROOT,
        env={
            **os.environ,
            "PYTHONPATH": f"{ROOT / 'src'}:{ROOT}",
            "DJANGO_SETTINGS_MODULE": "tests.support.worker_settings",
            "SAMSPIL_TEST_DB_NAME": str(connection.settings_dict["NAME"]),
            "SAMSPIL_TEST_SOLVER": "true",
        },
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def calculated() -> tuple[MoveBundle, int]:
    """A bundle of two courses that is calculated, and of which no plan is made yet."""
    case = two_courses()
    bundle = propose(case)
    run_due(clock.now())
    assert solving.run_next()
    row = calculations.of(bundle).first()
    assert row is not None
    return bundle, row.pk


def whole(bundle: MoveBundle) -> None:
    """Every plan has its runs, lines and schools, and each course has one."""
    bundle.refresh_from_db()
    assert bundle.status == "answered" and bundle.statistics["plans"] == 2
    assert bundle.statistics["taught"] == 15
    plans = list(MovePlan.objects.filter(bundle=bundle))
    assert len({plan.course_id for plan in plans}) == len(plans) == 2
    for plan in plans:
        assert plan.status == "proposed" and plan.sha256
        assert plan.lines.exists() and plan.runs.exists() and plan.approvals.exists()


def test_a_worker_killed_in_the_middle_leaves_no_half_plan_and_the_next_goes_on() -> None:
    bundle, calculation = calculated()
    mails = MailMessage.objects.count()
    for writes in (2, 6, 18):
        died = work(calculation, writes)
        assert died.returncode == -signal.SIGKILL, died.stderr[-2000:]
        for plan in MovePlan.objects.filter(bundle=bundle):
            assert plan.status == "proposed" and plan.approvals.exists() and plan.lines.exists()
        bundle.refresh_from_db()
        assert bundle.status == "queued"
        assert MailMessage.objects.count() == mails
    done = work(calculation, 100_000)
    assert done.returncode == 0, done.stderr[-2000:]
    whole(bundle)
    told = MailMessage.objects.count()
    assert told > mails
    work(calculation, 100_000)
    whole(bundle)
    assert MailMessage.objects.count() == told


def test_two_workers_make_each_plan_once() -> None:
    bundle, calculation = calculated()
    barrier = threading.Barrier(2)

    def go() -> None:
        barrier.wait()
        moves_bundles.bundle_answered({"calculation": calculation}, now=clock.now())

    assert run_together(go, go) == [None, None]
    whole(bundle)
    connections.close_all()


def test_two_colleagues_approve_all_at_once() -> None:
    case = two_courses()
    bundle = answered(case)
    school = case.schools[0].pk
    sha256 = moves_bundles.hash_for(bundle, school)
    barrier = threading.Barrier(2)

    counts: list[int] = []

    def go() -> None:
        barrier.wait()
        counts.append(
            moves_bundles.approve_bundle(
                actor=case.staff(0),
                now=case.now,
                bundle=bundle,
                organisation_id=school,
                sha256=sha256,
            )
        )

    assert run_together(go, go) == [None, None]
    assert sorted(counts) == [0, 2]
    assert Job.objects.filter(kind="enrolment.begin_moves").count() == 0
    connections.close_all()


def test_an_answer_by_link_beside_one_by_telephone_counts_nobody_twice() -> None:
    case = make_case((0, 0, 0))
    for run, number in zip(case.runs, (4, 3, 0), strict=True):
        run.enrolled = number
        run.save(update_fields=["enrolled"])
    plan = case.approved(elsewhere=True)
    (stream,) = moves_elsewhere.streams(case.staff(1), plan)
    line = stream.links[0].line
    barrier = threading.Barrier(2)

    def by_link() -> None:
        barrier.wait()
        assert line.offer is not None
        moves_asking.answer_move(
            actor=tokens.holder_of(line.order), now=case.now, offer=line.offer, verb="accept"
        )

    def by_telephone() -> None:
        barrier.wait()
        moves_elsewhere.record_answers(
            actor=case.staff(1), now=case.now, plan=plan, source_id=stream.source.pk,
            target_id=stream.target.pk, yes=2, no=1, seen=3,
        )  # fmt: skip

    def caught(what: Any) -> Any:
        def run() -> Any:
            try:
                return what()
            except Conflict as error:
                return error

        return run

    # whoever comes second finds that the numbers, or the offer, are others now, or says the same again
    run_together(caught(by_link), caught(by_telephone))
    states = list(MoveLine.objects.filter(plan=plan).values_list("state", flat=True))
    answered_lines = [state for state in states if state in ("yes", "no")]
    assert len(answered_lines) in (1, 3)
    target = CourseRun.objects.get(pk=stream.target.pk)
    held = sum(o.seats for o in SeatOffer.objects.filter(run=target, state="pending"))
    assert target.signed_up_here == held == 3 - states.count("no")
    assert not Enrolment.objects.filter(run=target).exists()
    connections.close_all()
