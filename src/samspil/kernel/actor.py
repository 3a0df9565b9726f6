"""Who does something: the first argument of every action and of every scoped query."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from samspil.kernel import roles


@dataclass(frozen=True, slots=True)
class Grant:
    """One role, and what it is scoped to. Both ids ``None`` means the whole platform."""

    role: str
    organisation_id: int | None = None
    network_id: int | None = None


@dataclass(frozen=True, slots=True)
class Actor:
    """A person, the system itself, or a visitor, with the grants that hold right now.

    ``organisation_id`` is the organisation the person acts for at the moment; a person with
    roles in several picks one. ``label`` is how the actor is named in the audit trail.
    """

    kind: Literal["person", "system", "anonymous"]
    label: str
    person_id: int | None = None
    organisation_id: int | None = None
    grants: frozenset[Grant] = field(default_factory=frozenset)

    @classmethod
    def system(cls, name: str) -> Actor:
        """The actor of background work; ``name`` says which job it is."""
        return cls(kind="system", label=f"system:{name}")

    @classmethod
    def anonymous(cls) -> Actor:
        """A visitor who has not signed in. May do nothing that needs a permission."""
        return cls(kind="anonymous", label="anonymous")

    @property
    def is_system(self) -> bool:
        return self.kind == "system"

    @property
    def is_platform_admin(self) -> bool:
        return any(grant.role == roles.PLATFORM_ADMIN for grant in self.grants)

    def has(
        self,
        *wanted: str,
        organisation_id: int | None = None,
        network_id: int | None = None,
    ) -> bool:
        """Whether the actor holds one of the ``wanted`` roles in the given scope.

        With neither scope given, the role counts wherever it is held.
        """
        return any(
            grant.role in wanted
            and (organisation_id is None or grant.organisation_id == organisation_id)
            and (network_id is None or grant.network_id == network_id)
            for grant in self.grants
        )

    def organisation_ids(self, *wanted: str) -> frozenset[int]:
        """Organisations in which the actor holds one of ``wanted`` (any role when empty)."""
        return frozenset(
            grant.organisation_id
            for grant in self.grants
            if grant.organisation_id is not None and (not wanted or grant.role in wanted)
        )

    def network_ids(self, *wanted: str) -> frozenset[int]:
        """Networks in which the actor holds one of ``wanted`` (any role when empty)."""
        return frozenset(
            grant.network_id
            for grant in self.grants
            if grant.network_id is not None and (not wanted or grant.role in wanted)
        )
