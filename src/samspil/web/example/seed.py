"""From plain rows into the tables: the example network, and generated catalogues."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.contrib.auth.hashers import make_password
from django.db import models
from django.db.models import Value
from django.db.models.functions import Concat

from samspil.catalogue.models import (
    Approval,
    BranchGroup,
    Course,
    CourseActivity,
    CourseRelation,
    Fkb,
)
from samspil.kernel import roles
from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.network.enums import MembershipKind, OrganisationKind
from samspil.network.models import (
    Membership,
    Municipality,
    Network,
    Organisation,
    OrganisationName,
    Person,
    Postcode,
    RoleAssignment,
    Territory,
)
from samspil.settlement.enums import RateKind
from samspil.settlement.models import CourseRate, Rate, RateGroup
from samspil.web.example.catalogue import (
    BRANCH_GROUPS,
    HERE,
    REAL_DATA,
    Catalogue,
    example_catalogue,
    network_members,
    read_csv,
)

ESO, SOSU = "eso", "sosu"
SECRETARIAT = "eso-sekretariatet"
SECRETARIAT_EMAIL = "sekretariat@eso.example"
_CHUNK = 2_000

Counts = dict[str, int]


def only_platform(actor: Actor, _obj: object) -> bool:
    """Example and load-test data are for whoever runs the platform."""
    return actor.is_platform_admin


@dataclass(frozen=True)
class Seeded:
    """What was written. `was_there`: the example stood already, and nothing was touched."""

    was_there: bool
    counts: Counts


@action("web.seed_example", permission=only_platform)
def seed_example(*, actor: Actor, now: datetime) -> Seeded:
    """Write the example: ESØ, the SOSU network, people with roles, the catalogue and activity.

    Does nothing when the network ESØ is there already, so that a second start keeps what people
    have changed. All constructed rows are marked.
    """
    if Network.objects.filter(key=ESO).exists():
        return Seeded(was_there=True, counts={})
    counts = _places()
    counts |= _catalogue(example_catalogue())
    eso, sosu = _networks()
    counts |= _people(eso, sosu)
    _rates()
    record(eso, after=dict(counts), summary="Eksempeldata lagt ind", network_id=eso.pk)
    return Seeded(was_there=False, counts=counts)


@action("web.load_catalogue", permission=only_platform)
def load_catalogue(
    *, actor: Actor, now: datetime, catalogue: Catalogue, network_key: str, network_name: str
) -> Counts:
    """Write a generated catalogue and one network with all its schools as members.

    Rows that are there already (same key or number) stay as they are.
    """
    counts = _catalogue(catalogue)
    network, _new = Network.objects.get_or_create(
        key=network_key,
        defaults={
            "name": network_name,
            "short_name": network_name[:40],
            "is_constructed": True,
        },
    )
    ids = _ids(Organisation, "key")
    Membership.objects.bulk_create(
        [
            Membership(network=network, organisation_id=ids[school.key], kind=MembershipKind.MEMBER)
            for school in catalogue.schools
        ],
        batch_size=_CHUNK,
        ignore_conflicts=True,
    )
    record(network, after=dict(counts), summary="Konstrueret katalog lagt ind")
    return counts


def _ids(model: type[models.Model], field: str) -> dict[str, int]:
    return dict(model._default_manager.values_list(field, "pk"))


def _places() -> Counts:
    municipalities = [
        Municipality(
            code=row["code"],
            name=row["name"],
            region_code=row["region_code"],
            region=row["region"],
            lat=float(row["lat"]),
            lon=float(row["lon"]),
            population=int(row["population"] or 0),
        )
        for row in read_csv(REAL_DATA / "municipalities.csv")
    ]
    Municipality.objects.bulk_create(municipalities, ignore_conflicts=True)
    ids = _ids(Municipality, "code")
    postcodes = [
        Postcode(
            code=row["postcode"],
            city=row["city"],
            lat=float(row["lat"]) if row["lat"] else None,
            lon=float(row["lon"]) if row["lon"] else None,
            municipality_id=ids.get(row["municipality_code"]),
        )
        for row in read_csv(REAL_DATA / "postcodes.csv")
    ]
    Postcode.objects.bulk_create(postcodes, batch_size=_CHUNK, ignore_conflicts=True)
    return {"kommuner": len(municipalities), "postnumre": len(postcodes)}


def _catalogue(catalogue: Catalogue) -> Counts:
    _schools(catalogue)
    _fkbs(catalogue)
    _courses(catalogue)
    schools, fkbs, courses = (
        _ids(Organisation, "key"),
        _ids(Fkb, "number"),
        _ids(Course, "number"),
    )
    CourseRelation.objects.bulk_create(
        [
            CourseRelation(fkb_id=fkbs[r.fkb], course_id=courses[r.course], kind=r.kind)
            for r in catalogue.relations
        ],
        batch_size=_CHUNK,
        ignore_conflicts=True,
    )
    Approval.objects.bulk_create(
        [
            Approval(
                organisation_id=schools[a.school],
                fkb_id=fkbs[a.fkb],
                valid_from=a.valid_from,
                evidence=a.evidence,
                source=a.source,
            )
            for a in catalogue.approvals
        ],
        batch_size=_CHUNK,
        ignore_conflicts=True,
    )
    CourseActivity.objects.bulk_create(
        [
            CourseActivity(
                course_id=courses[a.course],
                organisation_id=schools[a.school],
                year=a.year,
                learners=a.learners,
                runs=a.runs,
            )
            for a in catalogue.activity
        ],
        batch_size=_CHUNK,
        ignore_conflicts=True,
    )
    return {
        "skoler": len(catalogue.schools),
        "FKB'er": len(catalogue.fkbs),
        "mål": len(catalogue.courses),
        "godkendelser": len(catalogue.approvals),
        "aktivitetstal": len(catalogue.activity),
    }


def _schools(catalogue: Catalogue) -> None:
    municipalities = _ids(Municipality, "code")
    Organisation.objects.bulk_create(
        [
            Organisation(
                key=s.key,
                name=s.name,
                short_name=s.short_name,
                aliases=list(s.aliases),
                kind=s.kind,
                municipality_id=municipalities.get(s.municipality_code),
                street=s.street,
                postcode=s.postcode,
                city=s.city,
                lat=s.lat,
                lon=s.lon,
                institution_number=s.institution_number,
                website=s.website,
                is_constructed=s.constructed,
            )
            for s in catalogue.schools
        ],
        batch_size=_CHUNK,
        ignore_conflicts=True,
    )


def _fkbs(catalogue: Catalogue) -> None:
    BranchGroup.objects.bulk_create(
        [BranchGroup(key=k, name=n, position=i) for i, (k, n) in enumerate(BRANCH_GROUPS, 1)],
        ignore_conflicts=True,
    )
    groups = _ids(BranchGroup, "key")
    Fkb.objects.bulk_create(
        [
            Fkb(
                number=f.number,
                title=f.title,
                branch_group_id=groups[f.branch_group],
                committee=f.committee,
                valid_from=f.valid_from,
                valid_to=f.valid_to,
                source=f.source,
                is_constructed=f.constructed,
            )
            for f in catalogue.fkbs
        ],
        batch_size=_CHUNK,
        ignore_conflicts=True,
    )
    ids = _ids(Fkb, "number")
    through = Fkb.predecessors.through
    through._default_manager.bulk_create(
        [
            through(from_fkb_id=ids[f.number], to_fkb_id=ids[predecessor])
            for f in catalogue.fkbs
            for predecessor in f.predecessors
        ],
        ignore_conflicts=True,
    )


def _courses(catalogue: Catalogue) -> None:
    Course.objects.bulk_create(
        [
            Course(
                number=c.number,
                title=c.title,
                duration_days=c.days,
                level=c.level,
                valid_from=c.valid_from,
                valid_to=c.valid_to,
                is_archived=bool(c.archived_reason),
                archived_reason=c.archived_reason,
                source=c.source,
                is_constructed=c.constructed,
            )
            for c in catalogue.courses
        ],
        batch_size=_CHUNK,
        ignore_conflicts=True,
    )
    ids = _ids(Course, "number")
    for course in catalogue.courses:
        if course.successor:
            Course.objects.filter(pk=ids[course.number]).update(successor_id=ids[course.successor])


_RATES = (
    # group, name, kind, kroner, from, source, constructed
    ("gruppe-3", "Takstgruppe 3, lav deltagerbetaling", RateKind.SUBSIDY, 59_718, 2018,
     "Finansloven 2018, § 20.72.01 (admsys.stil.dk 1. oktober 2018)", False),
    ("gruppe-3", "", RateKind.FEE, 126, 2020, "Lav deltagerbetaling pr. dag, 2020", False),
    ("gruppe-3", "", RateKind.SUBSIDY, 64_300, 2026, "konstrueret", True),
    ("gruppe-3", "", RateKind.FEE, 216, 2026, "konstrueret", True),
    ("sosu", "Pædagogik, social og sundhed: uden deltagerbetaling", RateKind.SUBSIDY, 66_100, 2018,
     "konstrueret", True),
    ("sosu", "", RateKind.FEE, 0, 2018, "Ingen deltagerbetaling på området (skolernes egne sider)", False),
)  # fmt: skip


def _rates() -> None:
    """Two rate groups with their rates (R63, R69, R70), and which of them each course is in."""
    groups: dict[str, RateGroup] = {}
    for key, name, kind, kroner, year, source, constructed in _RATES:
        if key not in groups:
            groups[key] = RateGroup.objects.create(key=key, name=name)
        Rate.objects.create(
            group=groups[key],
            kind=kind,
            oere=100 * kroner,
            valid_from=date(year, 1, 1),
            source=source,
            is_constructed=constructed,
        )
    free = set(
        Course.objects.filter(relations__fkb__branch_group__key="sosu").values_list("pk", flat=True)
    )
    CourseRate.objects.bulk_create(
        [
            CourseRate(
                course_id=pk,
                group=groups["sosu" if pk in free else "gruppe-3"],
                valid_from=date(2018, 1, 1),
            )
            for pk in Course.objects.order_by("pk").values_list("pk", flat=True)
        ],
        batch_size=_CHUNK,
    )


def _networks() -> tuple[Network, Network]:
    eso = Network.objects.create(
        key=ESO, name="ESØ – Erhvervsskolerne i Østjylland", short_name="ESØ"
    )
    sosu = Network.objects.create(key=SOSU, name="SOSU-skolernes AMU-samarbejde", short_name="SOSU")
    Organisation.objects.create(
        key=SECRETARIAT,
        name="ESØ-sekretariatet",
        short_name="ESØ-sekretariatet",
        kind=OrganisationKind.SECRETARIAT,
        email=SECRETARIAT_EMAIL,
    )
    ids = _ids(Organisation, "key")
    by_key = {ESO: eso, SOSU: sosu}
    Membership.objects.bulk_create(
        Membership(network=by_key[network], organisation_id=ids[school], kind=kind)
        for network, members in network_members().items()
        for school, kind in members
    )
    # Both renamings stand in data/schools.csv; the day of the second is not known.
    OrganisationName.objects.create(
        organisation_id=ids["heg"], name="Erhvervsskolerne Aars", valid_to=date(2020, 9, 30)
    )
    OrganisationName.objects.create(
        organisation_id=ids["sosu-herning"], name="Social- & Sundhedsskolen Herning"
    )
    return eso, sosu


def _people(eso: Network, sosu: Network) -> Counts:
    """People with made-up names and `.example` addresses; nobody can sign in with a password."""
    rows = list(read_csv(HERE / "people.csv"))
    ids = _ids(Organisation, "key")
    password = make_password(None)
    Person.objects.bulk_create(
        Person(email=row["email"], name=row["name"], password=password, is_constructed=True)
        for row in rows
    )
    people = _ids(Person, "email")
    grants = []
    for row in rows:
        person, organisation = people[row["email"]], ids[row["organisation"]]
        grant = RoleAssignment(person_id=person, role=row["role"])
        if row["role"] in (roles.SECRETARIAT, roles.READER):
            grant.network = eso
            grant.organisation_id = organisation if row["role"] == roles.SECRETARIAT else None
        elif row["role"] != roles.PLATFORM_ADMIN:
            grant.organisation_id = organisation
        grants.append(grant)
    # The SOSU schools have no secretariat: the school that hosts the meeting does the work (F2).
    grants.append(
        RoleAssignment(
            person_id=people["koordinator@sosu-nord.example"],
            role=roles.SECRETARIAT,
            network=sosu,
        )
    )
    RoleAssignment.objects.bulk_create(grants)
    Organisation.objects.filter(kind=OrganisationKind.SCHOOL, email="").filter(
        pk__in=[ids[row["organisation"]] for row in rows]
    ).update(email=Concat(Value("koordinator@"), "key", Value(".example")))
    Territory.objects.bulk_create(
        Territory(organisation_id=pk, municipality_id=municipality)
        for pk, municipality in Organisation.objects.filter(
            memberships__isnull=False, municipality__isnull=False
        )
        .order_by("pk")
        .values_list("pk", "municipality_id")
        .distinct()
    )
    return {"personer": len(rows)}
