"""A run's seats: the lock and the count that whoever fills seats goes through (house rule 4)."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.exceptions import ObjectDoesNotExist
from django.utils.translation import gettext as _

from samspil.kernel.errors import NotFound
from samspil.kernel.locking import lock_row, lock_rows
from samspil.runs.models import CourseRun


def lock_run(run_id: int, *, only: Sequence[str] = ()) -> CourseRun:
    """The run, fresh, with its row locked until the transaction ends.

    To be called inside an action, before anything about its seats is counted. ``only``: the fields that are
    needed, where others wait for the lock. Raises ``NotFound``.
    """
    try:
        return lock_row(CourseRun.objects.only(*only), run_id)
    except ObjectDoesNotExist:
        raise NotFound(_("Holdet findes ikke.")) from None


def lock_runs(run_ids: list[int]) -> dict[int, CourseRun]:
    """Several runs by id, locked in one fixed order; those that do not exist are not in the answer."""
    return {run.pk: run for run in lock_rows(CourseRun.objects.filter(pk__in=run_ids))}


def set_signed_up_here(run: CourseRun, n: int) -> None:
    """Write how many seats people and held offers in Samspil use. ``run`` must be locked by ``lock_run``.

    Raises ``ValueError`` below 0. Nothing is asked about capacity: that is the caller's rule. The version
    stays: a sign-up makes nobody's open form of the run stale.
    """
    if n < 0:
        raise ValueError("seats in use cannot be negative")
    run.signed_up_here = n
    CourseRun.objects.filter(pk=run.pk).update(signed_up_here=n)
