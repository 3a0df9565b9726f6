"""One verb, one action: the decorator that every change of data goes through (house rule 1).

An action is a keyword-only function whose first arguments are ``actor`` and ``now``. The
decorator opens one transaction, asks the permission, runs the function, and writes the audit
events that it recorded. Actions may call actions; the inner one joins the transaction of the
outer one, and is asked for its own permission too.
"""

from __future__ import annotations

import functools
import inspect
import re
from collections.abc import Callable
from contextlib import ExitStack
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ParamSpec, TypeVar

from django.conf import settings
from django.db import connection, models, transaction
from django.utils.translation import gettext as _

from samspil.kernel import audit
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Forbidden

P = ParamSpec("P")
R = TypeVar("R")
Permission = Callable[[Actor, Any], bool]

_WRITES = re.compile(r"^\s*(INSERT INTO|UPDATE|DELETE FROM)\s+\"?(\w+)\"?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ActionInfo:
    """What the reference documentation says of an action."""

    name: str
    function: Callable[..., Any]
    permission: Permission
    on: str | None

    @property
    def summary(self) -> str:
        """First line of the docstring."""
        return (inspect.getdoc(self.function) or "").split("\n", 1)[0]


ACTIONS: dict[str, ActionInfo] = {}


class UnrecordedChange(AssertionError):
    """An action changed rows and recorded nothing (house rule 7)."""


@dataclass(slots=True)
class _Frame:
    actor: Actor
    now: datetime
    verbs: list[str] = field(default_factory=list)
    events: list[audit.PendingEvent] = field(default_factory=list)
    written_tables: set[str] = field(default_factory=set)


_current: ContextVar[_Frame | None] = ContextVar("samspil_action", default=None)


def action(
    name: str, *, permission: Permission, on: str | None = None
) -> Callable[[Callable[P, R]], Callable[P, R]]:
    """Make a function the action ``name`` (``context.verb``: also permission and audit verb).

    ``permission(actor, obj)`` is asked with the keyword argument named ``on`` (``None``: with
    ``None``). Raises ``Forbidden`` when it says no; the system actor is not asked.
    """

    def decorate(function: Callable[P, R]) -> Callable[P, R]:
        parameters = list(inspect.signature(function).parameters.values())
        if [p.name for p in parameters[:2]] != ["actor", "now"] or any(
            p.kind is not inspect.Parameter.KEYWORD_ONLY for p in parameters
        ):
            raise TypeError(f"Action {name}: arguments must be keyword-only, actor and now first")
        if name in ACTIONS and ACTIONS[name].function.__qualname__ != function.__qualname__:
            raise TypeError(f"Two actions are called {name}")
        ACTIONS[name] = ActionInfo(name, function, permission, on)

        @functools.wraps(function)
        def run(*args: P.args, **kwargs: P.kwargs) -> R:
            actor = kwargs["actor"]
            now = kwargs["now"]
            assert isinstance(actor, Actor) and isinstance(now, datetime)
            outer = _current.get()
            frame = outer or _Frame(actor=actor, now=now)
            with ExitStack() as stack:
                stack.enter_context(transaction.atomic())
                if outer is None:
                    token = _current.set(frame)
                    stack.callback(_current.reset, token)
                    if getattr(settings, "SAMSPIL_STRICT", False):
                        stack.enter_context(connection.execute_wrapper(_note_writes(frame)))
                if not actor.is_system and not permission(actor, kwargs[on] if on else None):
                    raise Forbidden(_("Det har du ikke ret til."))
                frame.verbs.append(name)
                try:
                    result = function(*args, **kwargs)
                finally:
                    frame.verbs.pop()
                if outer is None:
                    _finish(frame, name)
            return result

        return run

    return decorate


def record(
    subject: models.Model,
    *,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    summary: str = "",
    network_id: int | None = None,
    organisation_id: int | None = None,
) -> None:
    """Put one event on the audit trail, under the verb of the action that runs.

    ``summary`` is a Danish sentence for the history on the object's page. ``network_id``
    chooses the chain, ``organisation_id`` says which organisation it was done for.
    Raises ``RuntimeError`` outside an action.
    """
    frame = _current.get()
    if frame is None or not frame.verbs:
        raise RuntimeError("record() belongs inside an action")
    frame.events.append(
        audit.PendingEvent(
            verb=frame.verbs[-1],
            stream=audit.stream_of(network_id),
            subject_type=subject._meta.label_lower,
            subject_id=str(subject.pk),
            subject_label=str(subject),
            summary=str(summary),
            before=before,
            after=after,
            organisation_id=organisation_id,
        )
    )


def changes(obj: models.Model, values: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Set ``values`` on ``obj``; return before and after of the fields that really changed."""
    before: dict[str, Any] = {}
    after: dict[str, Any] = {}
    for name, value in values.items():
        old = getattr(obj, name)
        if old != value:
            before[name], after[name] = old, value
            setattr(obj, name, value)
    return before, after


def _note_writes(frame: _Frame) -> Callable[..., Any]:
    def wrapper(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if match := _WRITES.match(sql):
            frame.written_tables.add(match.group(2))
        return execute(sql, params, many, context)

    return wrapper


def _finish(frame: _Frame, name: str) -> None:
    business = {table for table in frame.written_tables if not table.startswith("kernel_")}
    if business and not frame.events:
        raise UnrecordedChange(f"{name} wrote {sorted(business)} and recorded nothing")
    audit.append(frame.events, actor=frame.actor, now=frame.now)
