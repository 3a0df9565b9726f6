"""What somebody may send who plays with addresses and forms: no answer is an error of ours."""

from __future__ import annotations

import pytest
from django.urls import reverse

from tests.factories.board import RoundCase, make_round

pytestmark = pytest.mark.django_db

HUGE = "9" * 5000  # Python itself refuses to read a number as long as this
OVER = str(2**63)  # one more than the largest id


@pytest.fixture
def case(client) -> RoundCase:
    case = make_round(schools=2, courses=2)
    client.force_login(case.secretariat_person)
    return case


@pytest.mark.parametrize(
    ("path", "wanted"),
    [
        ("/katalog/maal/?q=a%00b", 400),
        ("/katalog/maal/a%00b/", 400),
        ("/runder/{round}/tavle/?gruppe=%00", 400),
        (f"/runder/{{round}}/tavle/?side={HUGE}", 200),
        ("/runder/{round}/tavle/?side=-1", 200),
        ("/runder/{round}/tavle/?side=²", 200),
        (f"/runder/ny/{{network}}/?aar={HUGE}", 200),
        (f"/runder/{{round}}/felt/{{row}}/{OVER}/", 404),
        (f"/runder/{{round}}/skema/{OVER}/", 404),
        (f"/runder/{OVER}/", 404),
    ],
)
def test_odd_addresses(client, case, path, wanted):
    path = path.format(round=case.round.pk, network=case.network.pk, row=case.rows[0].pk)
    assert client.get(path).status_code == wanted


@pytest.mark.parametrize("version", [HUGE, OVER, "²", "-1", "x", ""])
def test_odd_versions(client, case, version):
    cell = reverse("coordination:cell", args=[case.round.pk, case.rows[0].pk, case.schools[0].pk])
    answer = client.post(cell, {"quick": "2", "version": version})
    assert answer.status_code < 500
    form = reverse("coordination:save_lines", args=[case.round.pk, case.schools[0].pk])
    for name in (f"runs-{HUGE}", f"runs-{OVER}", f"seen-{case.rows[0].pk}"):
        assert client.post(form, {name: version}).status_code < 500


@pytest.mark.parametrize("columns", ["²", HUGE, OVER, "1,,x"])
def test_odd_columns(client, case, columns):
    cell = reverse("coordination:cell", args=[case.round.pk, case.rows[0].pk, case.schools[0].pk])
    answer = client.post(
        cell,
        {"quick": HUGE[:7], "version": "0", "across": "1", "columns": columns},
        headers={"x-requested-with": "fetch"},
    )
    assert answer.status_code == 400
    answer = client.post(
        cell,
        {"quick": "2", "version": "0", "across": "1", "columns": columns},
        headers={"x-requested-with": "fetch"},
    )
    assert answer.status_code == 200


def test_a_number_of_runs_longer_than_python_reads(client, case):
    cell = reverse("coordination:cell", args=[case.round.pk, case.rows[0].pk, case.schools[0].pk])
    assert client.post(cell, {"quick": HUGE, "version": "0"}).status_code < 500


@pytest.mark.parametrize("where", ["quick", "kommentar", "login", "verb"])
def test_nul_in_a_form(client, case, where):
    address, data = {
        "quick": (
            reverse("coordination:cell", args=[case.round.pk, case.rows[0].pk, case.schools[0].pk]),
            {"quick": "a\0b", "version": "0"},
        ),
        "kommentar": (
            reverse("coordination:comment", args=[case.round.pk, case.rows[0].pk]),
            {"text": "a\0b"},
        ),
        "login": (reverse("account_login"), {"login": "a\0b@example.dk", "password": "x"}),
        "verb": (reverse("coordination:move_round", args=[case.round.pk]), {"verb": "a\0b"}),
    }[where]
    assert client.post(address, data).status_code == 400


@pytest.mark.parametrize(
    "elsewhere",
    ["javascript:alert(1)", "//evil.example", "https://evil.example/", "/\\evil.example"],
)
def test_the_way_back_is_a_page_of_ours(client, case, elsewhere):
    cell = reverse("coordination:cell", args=[case.round.pk, case.rows[0].pk, case.schools[0].pk])
    assert elsewhere not in client.get(cell, {"next": elsewhere}).text
    answer = client.post(cell, {"quick": "2", "version": "0", "next": elsewhere})
    assert answer.url.startswith("/runder/")
