"""Rows that were asked for without an order come in any order: here, in a shuffled one.

A test that passes by the order the database happens to choose fails now and then; this makes
it fail soon. Lists that are ordered, sliced or have one row are left alone.
"""

from __future__ import annotations

import random

import pytest
from django.db.models.query import QuerySet


def shuffle_unordered(patch: pytest.MonkeyPatch) -> None:
    """Shuffle what every queryset without an order fetches."""
    real = QuerySet._fetch_all

    def fetch(self: QuerySet) -> None:  # type: ignore[type-arg]
        fresh = self._result_cache is None
        real(self)
        rows = self._result_cache
        if fresh and rows is not None and len(rows) > 1 and not self.ordered:
            random.shuffle(rows)

    patch.setattr(QuerySet, "_fetch_all", fetch)
