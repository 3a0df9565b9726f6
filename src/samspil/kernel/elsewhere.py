"""The way to an outside provider of proof and back, for every page on which one signs (R140).

What came back is first shown by a GET that does nothing; the page then posts it, so that only a POST
of the person's own session signs. What is under way is kept in the session, by its state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from samspil.kernel import identity
from samspil.kernel.http import ActorRequest

KEPT: Final = "samspil_signing"
"""Session key of the transactions that are under way."""
AT_ONCE: Final = 3


@dataclass(frozen=True, slots=True)
class Back:
    """What the person came back with: ``about`` says what is signed, ``answer`` is to be posted."""

    kind: str
    about: dict[str, int]
    answer: dict[str, str]
    pending: identity.Pending | None

    def code(self, *, now: datetime) -> str:
        """The provider's code. Raises ``IdentityRefused`` for an answer to nothing, or too late."""
        return identity.check_answer(self.answer, self.pending, now=now)


def begin(
    request: ActorRequest,
    kind: str,
    *,
    now: datetime,
    bound: Sequence[str],
    redirect_uri: str,
    about: Mapping[str, int],
) -> str:
    """The address at the provider that the browser is to go to. Raises ``IdentityRefused``.

    ``kind`` and ``about`` are given again when the person comes back.
    """
    address, pending = identity.begin(now=now, bound=bound, redirect_uri=redirect_uri)
    kept: dict[str, Any] = dict(request.session.get(KEPT, {}))
    kept[pending.state] = {"pending": pending.plain(), "kind": kind, "about": dict(about)}
    request.session[KEPT] = dict(list(kept.items())[-AT_ONCE:])
    return address


def back(request: ActorRequest, kind: str) -> Back:
    """What came back by GET or POST; one of another ``kind`` counts as nothing that was begun here."""
    sent = request.POST if request.method == "POST" else request.GET
    answer = {name: sent.get(name, "")[:4000] for name in ("code", "state", "error", "iss")}
    answer = {name: value for name, value in answer.items() if value}
    kept = request.session.get(KEPT, {}).get(answer.get("state", ""))
    if kept is None or kept.get("kind") != kind:
        return Back(kind, {}, answer, None)
    return Back(kind, kept["about"], answer, identity.Pending.of(kept["pending"]))


def use(request: ActorRequest, found: Back) -> identity.Pending:
    """Take it out of the session: whoever sends the same answer again is told that it is used."""
    assert found.pending is not None
    request.session[KEPT] = {
        state: row for state, row in request.session[KEPT].items() if state != found.pending.state
    }
    return found.pending
