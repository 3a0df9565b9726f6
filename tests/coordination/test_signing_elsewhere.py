"""Signing at an outside OpenID provider, tried against a real one on this machine (R140)."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from joserfc import jwt
from joserfc.jwk import RSAKey

from samspil.config.safety import faults as all_faults
from samspil.coordination.domain.sealed_record import verdict
from samspil.coordination.domain.seals import seal_of
from samspil.coordination.interfaces.overview_pdf import signature_record
from samspil.coordination.models import Signature, SignatureProof
from samspil.kernel import clock, identity, outbox, sealing
from samspil.kernel.identity_settings import faults
from samspil.kernel.models import AuditEvent
from samspil.network.models import Organisation, PersonIdentity
from tests.factories.agreements import make_agreement_case
from tests.support import openid_provider
from tests.support.openid_provider import CVR, SUBSTANTIAL
from tests.support.sealing import use_key

pytestmark = pytest.mark.django_db
BACK = "http://testserver/runder/underskriv/retur/"


@pytest.fixture(scope="module")
def there(tmp_path_factory):
    with openid_provider.running(tmp_path_factory.mktemp("openid"), BACK) as found:
        yield found


@pytest.fixture
def kit(settings, there):
    there.configure(settings)
    there.fails_with("")
    kit = make_agreement_case()
    kit.freeze()
    there.knows("leder", name="Leder Midt 0")
    for leader, school in zip(kit.leaders, kit.case.schools, strict=True):
        there.knows(leader.email, name=leader.name.replace(" ", " Mellemnavn "), sub=leader.email)
        Organisation.objects.filter(pk=school.pk).update(cvr=CVR)
    return kit


@pytest.fixture
def agreement(kit):
    return kit.make()


def _client(kit, index: int = 0) -> Client:
    client = Client()
    client.force_login(kit.leaders[index])
    return client


def _begin(client, agreement, kit, index: int = 0, **values):
    page = client.post(
        f"/runder/aftale/{agreement.pk}/underskriv/{kit.case.schools[index].pk}/hos-udbyder/",
        {"content_hash": agreement.content_hash, **values},
    )
    found = re.search(r'data-go href="([^"]+)"', page.content.decode())
    return unescape(found.group(1)) if found else page


def _come_back(client, address: str):
    """The page that the provider sends one to, and its only button."""
    page = client.get(address)
    if page.status_code != 200:
        return page
    fields = dict(re.findall(r'name="(code|state|iss)" value="([^"]+)"', page.content.decode()))
    return client.post("/runder/underskriv/retur/", {k: unescape(v) for k, v in fields.items()})


def _said(client, response) -> str:
    return unescape(client.get(response.url, follow=True).content.decode())


def _status(agreement, kit, index: int = 0) -> str:
    return kit.place(agreement, index).status


def _go(client, there, agreement, kit, index: int = 0):
    address = _begin(client, agreement, kit, index)
    return _come_back(client, there.visit(address, kit.leaders[index].email))


def test_a_leader_signs_there_and_what_was_proved_is_kept(kit, agreement, there):
    client = _client(kit)
    response = _go(client, there, agreement, kit)
    assert response.url == f"/runder/aftale/{agreement.pk}/"
    row = kit.place(agreement, 0)
    assert (row.status, row.method, row.person_id) == ("signed", "openid", kit.leaders[0].pk)
    assert row.basis == {"kind": "leader"}
    proof = row.proof
    assert (proof.issuer, proof.cvr, proof.loa) == (there.issuer, CVR, SUBSTANTIAL)
    assert proof.subject == kit.leaders[0].email
    event = AuditEvent.objects.get(verb="coordination.sign")
    assert event.after["provider"] == there.issuer
    assert "Prøve-ID (Substantial)" in client.get(response.url).content.decode()


def test_the_kept_token_alone_shows_later_that_it_was_given_for_this_text(kit, agreement, there):
    _go(_client(kit), there, agreement, kit)
    proof = SignatureProof.objects.get()
    claims = jwt.decode(proof.token, RSAKey.import_key(proof.key), algorithms=["RS256"]).claims
    bound = (agreement.content_hash, kit.case.schools[0].key, str(kit.leaders[0].pk))
    assert claims["nonce"] == identity.nonce_of(proof.salt, bound)
    assert "d" not in proof.key  # the public part only


def test_what_the_browser_is_sent_with(kit, agreement, there):
    asked = {
        k: v[0] for k, v in parse_qs(urlsplit(_begin(_client(kit), agreement, kit)).query).items()
    }
    assert asked["code_challenge_method"] == "S256"
    assert asked["acr_values"] == SUBSTANTIAL
    assert (asked["prompt"], asked["max_age"]) == ("login", "0")
    assert asked["idp_values"] == "mitid_erhverv"
    assert asked["redirect_uri"] == BACK
    assert len(asked["state"]) > 30


@pytest.mark.parametrize(
    "fault",
    [
        *("nonce", "expired", "old", "audience", "party", "issuer"),
        *("key", "shared", "none", "changed", "long ago", "no time"),
    ],
)
def test_a_token_that_is_not_right_signs_nothing(kit, agreement, there, fault):
    client = _client(kit)
    there.fails_with(fault)
    response = _go(client, there, agreement, kit)
    assert "kan ikke godkendes. Intet er underskrevet" in _said(client, response)
    assert _status(agreement, kit) == "waiting"
    assert not SignatureProof.objects.exists()
    assert not PersonIdentity.objects.exists()
    there.fails_with("")  # and it was the token alone: the next one is good
    _go(client, there, agreement, kit)
    assert _status(agreement, kit) == "signed"


def test_a_lower_level_of_assurance_is_not_enough(kit, agreement, there):
    client = _client(kit)
    there.fails_with("level")
    assert "lavere sikringsniveau" in _said(client, _go(client, there, agreement, kit))
    assert _status(agreement, kit) == "waiting"


def test_the_same_answer_twice_signs_once_and_nothing_else(kit, agreement, there):
    client = _client(kit)
    address = there.visit(_begin(client, agreement, kit), kit.leaders[0].email)
    _come_back(client, address)
    assert _status(agreement, kit) == "signed"
    again = client.get(address)
    assert again.status_code == 302
    assert "begyndt et andet sted" in _said(client, again)
    assert SignatureProof.objects.count() == 1


def test_somebody_else_s_answer_signs_nothing(kit, agreement, there):
    """A link with a stranger's code and state, followed by who is signed in."""
    address = there.visit(_begin(_client(kit, 0), agreement, kit, 0), kit.leaders[0].email)
    other = _client(kit, 1)
    assert other.get(address).status_code == 302
    state, code = (parse_qs(urlsplit(address).query)[name][0] for name in ("state", "code"))
    other.post("/runder/underskriv/retur/", {"state": state, "code": code})
    assert [_status(agreement, kit, index) for index in (0, 1)] == ["waiting", "waiting"]


def test_coming_back_by_get_writes_nothing(kit, agreement, there):
    client = _client(kit)
    address = there.visit(_begin(client, agreement, kit), kit.leaders[0].email)
    page = client.get(address)
    assert page.status_code == 200
    assert page["Referrer-Policy"] == "same-origin"  # the code in the address goes nowhere else
    assert "no-store" in page["Cache-Control"]
    assert _status(agreement, kit) == "waiting"


def test_who_cancels_there_is_told_so(kit, agreement, there):
    client = _client(kit)
    address = there.visit(_begin(client, agreement, kit), kit.leaders[0].email, allow=False)
    assert "Du afbrød hos Prøve-ID" in _said(client, client.get(address))
    assert _status(agreement, kit) == "waiting"


def test_a_provider_that_is_away_loses_nothing(kit, agreement, there, settings):
    client = _client(kit)
    address = there.visit(_begin(client, agreement, kit), kit.leaders[0].email)
    there.configure(settings, ISSUER="http://localhost:9/o")
    assert "svarer ikke lige nu" in _said(client, _begin(client, agreement, kit))
    assert "svarer ikke lige nu" in _said(client, _come_back(client, address.split("&iss=")[0]))
    assert _status(agreement, kit) == "waiting"


def test_ten_minutes_are_given(kit, agreement, there, monkeypatch):
    client = _client(kit)
    address = there.visit(_begin(client, agreement, kit), kit.leaders[0].email)
    late = clock.now() + timedelta(minutes=11)
    monkeypatch.setattr(clock, "now", lambda: late)
    assert "mere end ti minutter" in _said(client, client.get(address))


def test_the_text_that_was_read_is_the_one_that_is_signed(kit, agreement, there):
    client = _client(kit)
    response = _begin(client, agreement, kit, content_hash="0" * 64)
    assert "ikke den, du så" in _said(client, response)
    address = there.visit(_begin(client, agreement, kit), kit.leaders[0].email)
    kit.reopen()  # while the leader is at the provider
    assert "Aftalen er trukket tilbage" in _said(client, _come_back(client, address))
    assert _status(agreement, kit) == "waiting"


def test_the_organisation_must_be_the_school(kit, agreement, there):
    client = _client(kit)
    there.knows(kit.leaders[0].email, name="Leder 0", cvr="87654321")
    said = _said(client, _go(client, there, agreement, kit))
    assert f"Vælg skolens CVR-nummer {CVR}" in said
    Organisation.objects.filter(pk=kit.case.schools[0].pk).update(cvr="")
    assert "har intet CVR-nummer" in _said(client, _go(client, there, agreement, kit))
    assert _status(agreement, kit) == "waiting"


def test_the_person_must_be_the_one_who_is_signed_in(kit, agreement, there):
    client = _client(kit)
    there.knows(kit.leaders[0].email, name="En Helt Anden", sub="anden")
    assert "Det skal være den samme person" in _said(client, _go(client, there, agreement, kit))
    assert _status(agreement, kit) == "waiting"


def test_from_the_first_time_on_the_identity_counts_and_belongs_to_one(kit, agreement, there):
    _go(_client(kit), there, agreement, kit)
    tie = PersonIdentity.objects.get()
    assert (tie.person_id, tie.subject) == (kit.leaders[0].pk, kit.leaders[0].email)
    # another person with the same name, but the first one's identity
    there.knows(kit.leaders[1].email, name="Leder 1", sub=kit.leaders[0].email)
    other = _client(kit, 1)
    assert "hører ikke til din konto" in _said(other, _go(other, there, agreement, kit, 1))
    assert _status(agreement, kit, 1) == "waiting"


def test_the_sealed_file_says_who_vouched_and_keeps_the_token_out(
    kit, agreement, there, settings, tmp_path
):
    use_key(settings, tmp_path / "segl")
    for index in range(4):
        _go(_client(kit, index), there, agreement, kit, index)
    outbox.run_due(clock.now() + timedelta(minutes=1))
    agreement.refresh_from_db()
    found = verdict(sealing.check(seal_of(agreement).file.read()).findings)
    assert {(act.method, act.provider, act.cvr) for act in found.acts} == {
        ("openid", "Prøve-ID", CVR)
    }
    assert {act.basis["kind"] for act in found.acts} == {"leader"}
    rows = list(Signature.objects.filter(agreement=agreement).select_related("proof"))
    record = json.dumps(signature_record(agreement, rows))
    for row in rows:
        assert row.proof.token not in record
        assert row.proof.subject not in record


def test_one_way_can_be_shut(kit, agreement, there, settings):
    client = _client(kit)
    url = f"/runder/aftale/{agreement.pk}/underskriv/{kit.case.schools[0].pk}/"
    both = client.get(url).content.decode()
    assert "Underskriv med Prøve-ID" in both
    assert "Med din anden faktor i Samspil" in both
    settings.SAMSPIL_SIGN_BUILT_IN = False
    only = client.get(url).content.decode()
    assert "Underskriv med Prøve-ID" in only
    assert "anden faktor" not in only
    from samspil.kernel.errors import Forbidden

    with pytest.raises(Forbidden):
        kit.sign(agreement, 0)
    settings.SAMSPIL_SIGN_BUILT_IN = True
    settings.SAMSPIL_SIGN_OIDC_ISSUER = ""
    assert "Underskriv med" not in client.get(url).content.decode()
    assert _begin(client, agreement, kit).status_code == 302


def test_only_who_may_sign_begins(kit, agreement, there):
    assert _begin(_client(kit, 1), agreement, kit, 0).status_code == 404


def test_the_client_can_show_itself_with_a_key(there, settings, tmp_path):
    from cryptography.hazmat.primitives.asymmetric import ec, rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    from joserfc.jwk import ECKey

    for made, kind, alg in (
        (ec.generate_private_key(ec.SECP256R1()), ECKey, "ES256"),
        (rsa.generate_private_key(65537, 2048), RSAKey, "RS256"),
    ):
        pem = made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        (tmp_path / "key.pem").write_bytes(pem)
        there.configure(settings, SECRET="", KEY=str(tmp_path / "key.pem"))
        proof = identity._client_proof(
            identity.provider(), {"token_endpoint": "https://x.test/t"}, clock.now()
        )
        claims = jwt.decode(
            proof["data"]["client_assertion"], kind.import_key(pem), algorithms=[alg]
        ).claims
        assert (claims["iss"], claims["aud"]) == (openid_provider.CLIENT, "https://x.test/t")


GOOD = {
    "BASE_URL": "https://samspil.test",
    "SECURE_SSL_REDIRECT": True,
    "SAMSPIL_SIGN_BUILT_IN": True,
    "SAMSPIL_SIGN_OIDC_ISSUER": "https://id.test/op",
    "SAMSPIL_SIGN_OIDC_CLIENT": "samspil",
    "SAMSPIL_SIGN_OIDC_SECRET": "x" * 32,
    "SAMSPIL_SIGN_OIDC_LOA": [SUBSTANTIAL],
    "SAMSPIL_SIGN_OIDC_SCOPE": ["openid"],
}


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"SAMSPIL_SIGN_OIDC_ISSUER": "http://id.test/op"}, "ISSUER"),
        ({"SAMSPIL_SIGN_OIDC_ISSUER": "http://localhost/op"}, "ISSUER"),
        ({"SAMSPIL_SIGN_OIDC_ISSUER": "https://me:pw@id.test/op"}, "ISSUER"),
        ({"SAMSPIL_SIGN_OIDC_CLIENT": ""}, "CLIENT"),
        ({"SAMSPIL_SIGN_OIDC_SECRET": ""}, "SECRET"),
        ({"SAMSPIL_SIGN_OIDC_SECRET": "kort"}, "weak"),
        ({"SAMSPIL_SIGN_OIDC_SECRET": "", "SAMSPIL_SIGN_OIDC_KEY": "/no/such.pem"}, "KEY"),
        ({"SAMSPIL_SIGN_OIDC_KEY": "/no/such.pem"}, "one of"),
        ({"SAMSPIL_SIGN_OIDC_LOA": []}, "LOA"),
        ({"SAMSPIL_SIGN_OIDC_SCOPE": ["profile"]}, "SCOPE"),
        ({"SAMSPIL_SIGN_OIDC_EXTRA": ["idp"]}, "EXTRA"),
        ({"BASE_URL": "http://samspil.test"}, "BASE_URL"),
        ({"SAMSPIL_SIGN_OIDC_ISSUER": "", "SAMSPIL_SIGN_BUILT_IN": False}, "nobody"),
    ],
)
def test_unsafe_settings_are_refused(change, word):
    assert faults(GOOD) == []
    found = faults({**GOOD, **change})
    assert any(word in sentence for sentence in found), found
    assert set(found) <= set(all_faults({**GOOD, **change}))


def test_unsafe_settings_sign_nothing_even_when_the_start_did_not_refuse(
    kit, agreement, there, settings
):
    settings.SAMSPIL_SIGN_OIDC_LOA = []
    client = _client(kit)
    assert "ikke sat rigtigt op" in _said(client, _begin(client, agreement, kit))
