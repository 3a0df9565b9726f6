"""Events about people who go from one school's run to another school's (R29, R65). No personal data."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class PeopleTransferred:
    """``heads`` people of ``origin_id`` now sit in a run that ``holder_id`` holds.

    ``transfer`` is an opaque reference, the same however often the event is told. ``days_tenths``: length
    of the course in tenths of a day (R10). Dates are ISO. ``run`` is the holder's kviknummer (R19).
    """

    transfer: str
    network_id: int
    origin_id: int
    holder_id: int
    course_number: str
    run: str
    starts_on: str
    ends_on: str
    days_tenths: int
    heads: int


@dataclass(frozen=True, slots=True)
class TransferUndone:
    """The people of ``transfer`` do not sit at the holder after all; ``reason`` in words."""

    transfer: str
    reason: str
