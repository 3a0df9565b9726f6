"""Events of the network context."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SchoolLeft:
    """An organisation has left a network, on ``left_on`` (ISO date, its last day).

    What it was obliged to offer from then on is without a school (R62).
    """

    network_id: int
    organisation_id: int
    left_on: str
    reason: str


@dataclass(frozen=True, slots=True)
class SchoolsMerged:
    """``organisation_id`` is now part of ``successor_id`` (R125), from ``merged_on`` (ISO date)."""

    organisation_id: int
    successor_id: int
    merged_on: str
