"""A move is all or nothing: a worker killed in the middle, two workers at once, an answer beside the move."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from django.db import connection, connections

from samspil.enrolment.domain import moves_asking, tokens
from samspil.enrolment.models import Enrolment, MovePlan, SeatOffer, Transfer
from samspil.kernel import clock
from samspil.kernel.actor import Actor
from samspil.kernel.errors import SamspilError
from samspil.kernel.models import AuditEvent, Job, MailMessage
from tests.concurrency.test_board import run_together
from tests.factories.moves import Case, lines, make_case

ROOT = Path(__file__).resolve().parents[2]
SYSTEM = Actor.system("tests")

KILLED = """
import os, signal, sys
import django
django.setup()
from django.db import connection
from samspil.enrolment.domain import moves_asking
from samspil.enrolment.models import MovePlan
from samspil.kernel import clock
from samspil.kernel.actor import Actor

writes = 0
def count(execute, sql, params, many, context):
    global writes
    if sql.lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE")):
        writes += 1
        if writes > int(sys.argv[2]):
            os.kill(os.getpid(), signal.SIGKILL)
    return execute(sql, params, many, context)

plan = MovePlan.objects.get(pk=int(sys.argv[1]))
with connection.execute_wrapper(count):
    moves_asking.settle_moves(actor=Actor.system("killed"), now=clock.now(), plan=plan)
print(writes)
"""


def ready() -> tuple[Case, MovePlan]:
    """Everybody has said yes, and nobody is moved yet."""
    case = make_case((4, 3, 2))
    plan = case.approved()
    for line in lines(plan):
        assert line.offer is not None
        moves_asking.answer_move(
            actor=tokens.holder_of(line.sign_up), now=case.now, offer=line.offer, verb="accept"
        )
    return case, plan


def state(case: Case, plan: MovePlan) -> tuple[object, ...]:
    plan.refresh_from_db()
    for run in case.runs:
        run.refresh_from_db()
    return (
        plan.status,
        [(run.status, run.signed_up_here) for run in case.runs],
        sorted(Enrolment.objects.values_list("run_id", "status")),
        sorted(SeatOffer.objects.values_list("pk", "state")),
        Transfer.objects.count(),
        MailMessage.objects.count(),
        Job.objects.count(),
        AuditEvent.objects.count(),
    )


def work(plan: MovePlan, writes: int) -> subprocess.CompletedProcess[str]:
    """Carry the plan out in a process of its own that dies after so many writes."""
    return subprocess.run(
        [sys.executable, "-c", KILLED, str(plan.pk), str(writes)],
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


def test_a_worker_killed_in_the_middle_leaves_all_or_nothing_and_the_next_does_it() -> None:
    case, plan = ready()
    before = state(case, plan)
    for writes in (0, 2, 6, 14):
        died = work(plan, writes)
        assert died.returncode == -signal.SIGKILL, died.stderr[-2000:]
        assert state(case, plan) == before
    done = work(plan, 100_000)
    assert done.returncode == 0, done.stderr[-2000:]
    # the kills were in the middle of it
    assert int(done.stdout) > 14
    after = state(case, plan)
    assert after[0] == "carried_out"
    assert [seats for _status, seats in after[1]] == [9, 0, 0]  # type: ignore[misc]
    assert after[4] == 5
    work(plan, 100_000)
    assert state(case, plan) == after


def test_two_workers_at_once_move_everybody_once() -> None:
    case, plan = ready()
    barrier = threading.Barrier(2)

    def go() -> None:
        barrier.wait()
        moves_asking.settle_moves(
            actor=SYSTEM, now=clock.now(), plan=MovePlan.objects.get(pk=plan.pk)
        )

    assert run_together(go, go) == [None, None]
    found = state(case, plan)
    assert found[0] == "carried_out" and found[4] == 5
    assert Job.objects.filter(kind="settlement.people_transferred").count() == 5
    connections.close_all()


def test_a_no_beside_the_move_is_before_it_or_too_late() -> None:
    _case, plan = ready()
    line = lines(plan)[0]
    barrier = threading.Barrier(2)

    def go() -> None:
        barrier.wait()
        moves_asking.settle_moves(
            actor=SYSTEM, now=clock.now(), plan=MovePlan.objects.get(pk=plan.pk)
        )

    def no() -> None:
        barrier.wait()
        assert line.offer is not None
        moves_asking.answer_move(
            actor=tokens.holder_of(line.sign_up), now=clock.now(), offer=line.offer, verb="decline"
        )

    moved, said = run_together(go, no)
    assert moved is None
    assert said is None or isinstance(said, SamspilError)
    line.refresh_from_db()
    assert line.state == ("no" if said is None else "moved")
    live = Enrolment.objects.get(sign_up=line.sign_up, status="enrolled")
    assert live.run_id == (line.source_id if said is None else line.target_id)
    connections.close_all()
