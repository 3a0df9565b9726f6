"""Who takes part: organisations, networks, people and the places they serve."""

from samspil.network.models.geography import Municipality, Postcode, Territory
from samspil.network.models.organisations import (
    Membership,
    Network,
    Organisation,
    OrganisationName,
)
from samspil.network.models.people import (
    Invitation,
    Mandate,
    Person,
    PersonIdentity,
    RoleAssignment,
)

__all__ = [
    "Invitation",
    "Mandate",
    "Membership",
    "Municipality",
    "Network",
    "Organisation",
    "OrganisationName",
    "Person",
    "PersonIdentity",
    "Postcode",
    "RoleAssignment",
    "Territory",
]
