"""Row locks in one fixed order, the same call on both databases (house rule 4).

PostgreSQL: one ordered ``SELECT … FOR UPDATE OF self``. SQLite has no row locks; there every
action's transaction begins IMMEDIATE and so holds the only write lock already.
"""

from __future__ import annotations

from typing import TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db import connections, models

M = TypeVar("M", bound=models.Model)


def lock_rows(queryset: models.QuerySet[M]) -> list[M]:
    """Lock the rows of ``queryset`` in the order of their primary key and return them fresh.

    Must be called inside a transaction, once per transaction and table, before anything is
    counted. Raises ``TransactionManagementError`` outside one.
    """
    ordered = queryset.order_by("pk")
    if connections[queryset.db].features.has_select_for_update_of:
        ordered = ordered.select_for_update(of=("self",))
    elif connections[queryset.db].features.has_select_for_update:
        ordered = ordered.select_for_update()
    return list(ordered)


def lock_row(queryset: models.QuerySet[M], pk: int) -> M:
    """Lock and return one row. Raises ``ObjectDoesNotExist`` when it is not there."""
    rows = lock_rows(queryset.filter(pk=pk))
    if not rows:
        raise ObjectDoesNotExist(f"{queryset.model.__name__} {pk}")
    return rows[0]
