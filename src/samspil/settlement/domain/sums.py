"""Sums of a statement's lines: what one school owes the other, and what is only told."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from samspil.settlement.enums import DUE, Account, EntryKind


def sums_of_lines(lines: Iterable[dict[str, Any]], first_id: int) -> dict[str, int]:
    """Per account øre from ``first`` to the other school (negative: the other way), and ``due``: what it owes.

    ``transfers_out`` and ``transfers_in``: entries about people who went from and to ``first``.
    """
    sums = dict.fromkeys((*Account.values, "due", "transfers_out", "transfers_in"), 0)
    for line in lines:
        if line["kind"] == EntryKind.TRANSFER:
            sums["transfers_out" if line["origin"] == first_id else "transfers_in"] += 1
        for posting in line["postings"]:
            signed = posting["oere"] if posting["giver"] == first_id else -posting["oere"]
            sums[posting["account"]] += signed
            if posting["account"] in DUE:
                sums["due"] += signed
    return sums
