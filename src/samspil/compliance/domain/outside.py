"""Which school a name in an agreement with a school outside the circle means (R27).

An overview holds the name that was written, newer ones also the school that was chosen. What the
secretariat has said counts first, then what was chosen, then the register: its names, short names,
earlier names, other names and institution numbers, when they lead to one school alone.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from samspil.compliance.domain.agreed import Agreed, successors
from samspil.compliance.models import OutsideSchool
from samspil.kernel.imports.values import folded
from samspil.network.domain.queries import OrganisationIndex
from samspil.network.enums import OrganisationKind

UNKNOWN: Final = "school_unknown"
SEVERAL: Final = "school_several"
NOWHERE: Final = "school_nowhere"


@dataclass(frozen=True, slots=True)
class Meant:
    """The school that a name means; without one, ``code`` says why, and ``count`` how many it could be."""

    organisation_id: int | None
    code: str = ""
    count: int = 0


def settle(network_id: int, agreed: Iterable[Agreed]) -> dict[str, Meant]:
    """What each name of the agreements means. New names are kept, so that somebody can say it.

    Call within an action. Six queries at most, none without such an agreement.
    """
    wanted = {item.external: item.organisation_id for item in agreed}
    if not wanted:
        return {}
    index, now = OrganisationIndex.load(), successors()
    known = {row.folded: row for row in OutsideSchool.objects.filter(network=network_id)}
    found: dict[str, Meant] = {}
    new: dict[str, OutsideSchool] = {}
    other: list[OutsideSchool] = []
    for name, chosen in sorted(wanted.items()):
        key = folded(name)[:200]
        row = known.get(key) or new.get(key)
        meant = _meant(name, chosen, row, index)
        if meant.organisation_id is not None:
            meant = Meant(now.get(meant.organisation_id, meant.organisation_id))
        found[name] = meant
        if row is None:
            new[key] = OutsideSchool(
                network_id=network_id,
                folded=key,
                name=name,
                organisation_id=meant.organisation_id,
            )
        elif not row.is_said and row.organisation_id != meant.organisation_id:
            row.organisation_id = meant.organisation_id
            if row.pk:
                other.append(row)
    OutsideSchool.objects.bulk_create(new.values())
    OutsideSchool.objects.bulk_update(other, ["organisation"])
    return found


def _meant(
    name: str, chosen: int | None, said: OutsideSchool | None, index: OrganisationIndex
) -> Meant:
    if said is not None and said.is_said:
        if said.organisation_id is None:
            return Meant(None, NOWHERE)
        return Meant(said.organisation_id)
    if chosen is not None:
        return Meant(chosen)
    schools = [row for row in index.find(name) if row.kind == OrganisationKind.SCHOOL]
    if len(schools) == 1:
        return Meant(schools[0].pk)
    return Meant(None, SEVERAL, len(schools)) if schools else Meant(None, UNKNOWN)
