"""Events of the runs context."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class RunsHarvested:
    """Announced runs were taken in as they stood on ``looked_on`` (ISO date)."""

    looked_on: str


@dataclass(frozen=True, slots=True)
class RunStatusChanged:
    """A run went from one status to another by ``verb`` (announce, confirm, cancel, reopen, hold).

    ``reason`` in words, to be told to the people on the run when it is cancelled.
    """

    run_id: int
    organisation_id: int
    verb: str
    status: str
    reason: str


@dataclass(frozen=True, slots=True)
class RunRescheduled:
    """The days, hours or place of a run that is announced were changed. Dates are ISO.

    ``version`` is the run's after the change: the same event twice is about the same change.
    """

    run_id: int
    organisation_id: int
    starts_on: str
    ends_on: str
    version: int
