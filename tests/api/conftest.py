"""What tests of the API share: a round that is ready to be frozen, keys, and a way to ask."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from samspil.api.middleware import LIMIT
from samspil.catalogue.models import CourseRelation
from samspil.kernel import clock
from samspil.network.models import Municipality, Postcode
from tests.factories.agreements import AgreementCase, make_agreement_case
from tests.factories.api import Api
from tests.factories.public import make_open_run


@pytest.fixture(autouse=True)
def _nobody_is_limited() -> Iterator[None]:
    LIMIT.forget()
    yield
    LIMIT.forget()


@pytest.fixture
def kit(db: Any) -> AgreementCase:
    """A round of next year whose overview can be frozen, a place for runs, and a run a school."""
    kit = make_agreement_case()
    kit.case.round.year = clock.today().year + 1
    kit.case.round.save(update_fields=["year"])
    for row in kit.case.rows:
        CourseRelation.objects.create(course=row.course, fkb=kit.case.fkb.fkb)
    aarhus = Municipality.objects.create(
        code="0751",
        name="Aarhus",
        region_code="1082",
        region="Region Midtjylland",
        lat=56.1,
        lon=10.2,
    )
    Postcode.objects.create(code="8000", city="Aarhus C", municipality=aarhus, lat=56.16, lon=10.21)
    for i in range(4):
        make_open_run(kit.case.rows[i % 2].course, kit.case.schools[i], days=10 + i)
    return kit


@pytest.fixture
def api(db: Any) -> Api:
    return Api()
