"""Proof of who signs from an outside OpenID provider, such as a broker of MitID Erhverv (R140).

Authorization code with PKCE (RFC 7636). ``begin`` gives the address that the browser is sent to and
what is kept of it in the session; ``finish`` takes what came back and gives an ``Identity``, or
raises ``IdentityRefused``. Nothing is believed but an ID token that the provider's key signed for
this client, for this one transaction, after it began, at the level of assurance that is demanded.

The transaction is bound to what is signed: its nonce is the SHA-256 of a salt and of ``bound``, the
checksum of the text among it. Who keeps token, key and salt can prove later what it was given for.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import logging
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import parse_qsl, quote, urlencode

import httpx
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from django.conf import settings
from django.utils.translation import gettext as _
from joserfc import jws, jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, KeySet, OKPKey, RSAKey

from samspil.kernel.errors import SamspilError
from samspil.kernel.identity_settings import faults, is_safe

logger = logging.getLogger(__name__)

METHOD: Final = "openid"
LONGEST: Final = timedelta(minutes=10)
"""How long a person may be at the provider."""
SKEW: Final = timedelta(minutes=1)
"""How far two clocks may be from each other."""
SECONDS: Final = 8
MOST_BYTES: Final = 512 * 1024
ALGORITHMS: Final = (
    "RS256",
    "PS256",
    "ES256",
    "RS384",
    "PS384",
    "ES384",
    "RS512",
    "PS512",
    "ES512",
)
"""Signatures with a public key. Neither ``none`` nor a shared secret."""
SCHEME: Final = "samspil.sign/1"


class IdentityRefused(SamspilError):
    """The provider did not prove who signs. ``reason`` is for logs and tests, the message for people."""

    def __init__(self, reason: str, message: str) -> None:
        super().__init__(message)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Provider:
    """An OpenID provider as the settings name it. ``loa``: the levels of assurance that are enough."""

    issuer: str
    name: str
    client: str
    secret: str
    key: str
    scope: tuple[str, ...]
    loa: tuple[str, ...]
    loa_claim: str
    name_claim: str
    cvr_claim: str
    extra: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Pending:
    """What is kept of a transaction, in the session of who began it."""

    state: str
    verifier: str
    salt: str
    nonce: str
    began: int
    bound: tuple[str, ...]
    redirect_uri: str

    def plain(self) -> dict[str, Any]:
        """As JSON takes it."""
        return asdict(self)

    @classmethod
    def of(cls, kept: Mapping[str, Any]) -> Pending:
        """From what ``plain`` gave."""
        return cls(**{**kept, "bound": tuple(kept["bound"])})


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the provider says it was, and what proves it. ``at`` is when the person was asked there.

    ``cvr``: eight digits. ``key``: the public key that the token was signed with, as a JWK.
    """

    issuer: str
    provider: str
    subject: str
    name: str
    cvr: str
    loa: str
    at: datetime
    nonce: str
    salt: str
    bound: tuple[str, ...]
    token: str
    key: dict[str, Any] = field(default_factory=dict)
    method: str = METHOD

    def proved(self) -> dict[str, Any]:
        """What is kept beside a signature, by the names of the columns that keep it (R140)."""
        return {
            "issuer": self.issuer,
            "provider": self.provider[:80],
            "subject": self.subject,
            "name": self.name,
            "cvr": self.cvr,
            "loa": self.loa[:200],
            "authenticated_at": self.at,
            "nonce": self.nonce,
            "salt": self.salt,
            "token": self.token,
            "key": self.key,
        }


# ---------------------------------------------------------------- settings


def is_on() -> bool:
    """Whether an outside provider is set up at all."""
    return bool(settings.SAMSPIL_SIGN_OIDC_ISSUER)


def provider() -> Provider:
    """The provider of the settings. Raises ``IdentityRefused`` when they are unsafe."""
    if not is_on():
        raise IdentityRefused("off", _("Der kan ikke underskrives på den måde her."))
    found = faults({name: getattr(settings, name) for name in dir(settings) if name.isupper()})
    if found:
        logger.error("signing by OpenID is set up unsafely: %s", " ".join(found))
        raise IdentityRefused(
            "settings",
            _("%(provider)s er ikke sat rigtigt op her. Sig det til driften.")
            % {"provider": settings.SAMSPIL_SIGN_OIDC_NAME},
        )
    return Provider(
        issuer=settings.SAMSPIL_SIGN_OIDC_ISSUER,
        name=settings.SAMSPIL_SIGN_OIDC_NAME,
        client=settings.SAMSPIL_SIGN_OIDC_CLIENT,
        secret=settings.SAMSPIL_SIGN_OIDC_SECRET,
        key=settings.SAMSPIL_SIGN_OIDC_KEY,
        scope=tuple(settings.SAMSPIL_SIGN_OIDC_SCOPE),
        loa=tuple(settings.SAMSPIL_SIGN_OIDC_LOA),
        loa_claim=settings.SAMSPIL_SIGN_OIDC_LOA_CLAIM,
        name_claim=settings.SAMSPIL_SIGN_OIDC_NAME_CLAIM,
        cvr_claim=settings.SAMSPIL_SIGN_OIDC_CVR_CLAIM,
        extra=tuple(pair for text in settings.SAMSPIL_SIGN_OIDC_EXTRA for pair in parse_qsl(text)),
    )


# ---------------------------------------------------------------- talking to the provider


def _away(by: Provider, reason: str) -> IdentityRefused:
    logger.warning("OpenID provider: %s", reason)
    return IdentityRefused(
        reason,
        _("%(provider)s svarer ikke lige nu. Intet er underskrevet. Prøv igen om lidt.")
        % {"provider": by.name},
    )


def _not_believed(by: Provider, reason: str) -> IdentityRefused:
    logger.warning("OpenID provider's answer refused: %s", reason)
    return IdentityRefused(
        reason,
        _("Svaret fra %(provider)s kan ikke godkendes. Intet er underskrevet. Prøv forfra.")
        % {"provider": by.name},
    )


def _json(by: Provider, method: str, url: str, **values: Any) -> dict[str, Any]:
    """One request, at most ``SECONDS`` and ``MOST_BYTES``; no redirect is followed."""
    try:
        with (
            httpx.Client(timeout=SECONDS, follow_redirects=False) as client,
            client.stream(method, url, **values) as answer,
        ):
            body = b""
            for part in answer.iter_bytes():
                body += part
                if len(body) > MOST_BYTES:
                    raise _away(by, "too_much")
            answer_status = answer.status_code
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        raise _away(by, f"unreachable: {type(error).__name__}") from error
    if answer_status != 200:
        # 4xx to the token endpoint is a 'no' (used code, wrong verifier), everything else is away.
        refused = method == "POST" and 400 <= answer_status < 500
        raise (_not_believed if refused else _away)(by, f"status_{answer_status}")
    try:
        found = httpx.Response(200, content=body).json()
    except ValueError as error:
        raise _away(by, "not_json") from error
    if not isinstance(found, dict):
        raise _away(by, "not_json")
    return found


def _metadata(by: Provider) -> dict[str, Any]:
    """The provider's own description (OpenID Connect Discovery), checked. Asked for every time:
    people sign now and then, and a key that was taken back must not be believed."""
    found = _json(by, "GET", by.issuer.rstrip("/") + "/.well-known/openid-configuration")
    if found.get("issuer") != by.issuer:
        raise _not_believed(by, "issuer_of_metadata")
    for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
        if not is_safe(str(found.get(name) or ""), like=by.issuer):
            raise _not_believed(by, f"unsafe_{name}")
    methods = found.get("code_challenge_methods_supported")
    if methods is not None and "S256" not in methods:
        raise _not_believed(by, "no_pkce")
    return found


def _b64(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def nonce_of(salt: str, bound: Sequence[str]) -> str:
    """What the provider signs instead of the text itself."""
    return _b64(hashlib.sha256("\n".join((SCHEME, salt, *bound)).encode()).digest())


def begin(*, now: datetime, bound: Sequence[str], redirect_uri: str) -> tuple[str, Pending]:
    """The address to send the browser to, and what to keep. Raises ``IdentityRefused``."""
    by = provider()
    found = _metadata(by)
    salt, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
    pending = Pending(
        state=secrets.token_urlsafe(32),
        verifier=verifier,
        salt=salt,
        nonce=nonce_of(salt, bound),
        began=int(now.timestamp()),
        bound=tuple(bound),
        redirect_uri=redirect_uri,
    )
    asked = {
        **dict(by.extra),
        "response_type": "code",
        "client_id": by.client,
        "redirect_uri": redirect_uri,
        "scope": " ".join(by.scope),
        "state": pending.state,
        "nonce": pending.nonce,
        "code_challenge": _b64(hashlib.sha256(verifier.encode()).digest()),
        "code_challenge_method": "S256",
        "acr_values": " ".join(by.loa),
        "prompt": "login",  # a session that stands open there is no act of signing
        "max_age": "0",
    }
    address = str(found["authorization_endpoint"])
    return f"{address}{'&' if '?' in address else '?'}{urlencode(asked)}", pending


def check_answer(params: Mapping[str, str], pending: Pending | None, *, now: datetime) -> str:
    """The code of what the provider sent the browser back with. Raises ``IdentityRefused``.

    Talks to nobody. ``pending``: what this session kept under the state that came back.
    """
    by = provider()
    if pending is None or not hmac.compare_digest(pending.state, params.get("state", "")):
        raise IdentityRefused(
            "state",
            _("Underskriften er afsluttet, for gammel eller begyndt et andet sted. Prøv forfra."),
        )
    began = datetime.fromtimestamp(pending.began, UTC)
    if not began - SKEW <= now <= began + LONGEST:
        raise IdentityRefused(
            "too_late", _("Der gik mere end ti minutter. Intet er underskrevet. Prøv forfra.")
        )
    if params.get("error") in {
        "access_denied",
        "user_cancelled",
        "login_required",
        "interaction_required",
    }:
        raise IdentityRefused(
            "cancelled",
            _("Du afbrød hos %(provider)s. Intet er underskrevet.") % {"provider": by.name},
        )
    if params.get("error"):
        raise _away(by, f"error_{params['error'][:40]}")
    if params.get("iss", by.issuer) != by.issuer:  # RFC 9207
        raise _not_believed(by, "issuer_of_answer")
    if not params.get("code"):
        raise _not_believed(by, "no_code")
    return params["code"]


def _client_proof(by: Provider, found: dict[str, Any], now: datetime) -> dict[str, Any]:
    """How this client shows the token endpoint that it is the one: ``data`` and perhaps ``auth``."""
    if by.key:
        pem = Path(by.key).read_bytes()
        is_curve = isinstance(load_pem_private_key(pem, None), EllipticCurvePrivateKey)
        key = ECKey.import_key(pem) if is_curve else RSAKey.import_key(pem)
        alg = "ES256" if is_curve else "RS256"
        claims = {
            "iss": by.client,
            "sub": by.client,
            "aud": found["token_endpoint"],
            "jti": secrets.token_urlsafe(24),
            "iat": int(now.timestamp()),
            "exp": int((now + SKEW).timestamp()),
        }
        header = {"alg": alg, "kid": key.thumbprint()}
        return {
            "data": {
                "client_id": by.client,
                "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                "client_assertion": jwt.encode(header, claims, key),
            }
        }
    ways = found.get("token_endpoint_auth_methods_supported") or ["client_secret_basic"]
    if "client_secret_basic" in ways:
        return {"data": {}, "auth": httpx.BasicAuth(quote(by.client), quote(by.secret))}
    return {"data": {"client_id": by.client, "client_secret": by.secret}}


def finish(code: str, pending: Pending, *, now: datetime) -> Identity:
    """Turn a code into who it was. Two requests to the provider; raises ``IdentityRefused``."""
    by = provider()
    found = _metadata(by)
    proof = _client_proof(by, found, now)
    proof["data"] |= {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": pending.redirect_uri,
        "code_verifier": pending.verifier,
    }
    answer = _json(by, "POST", str(found["token_endpoint"]), **proof)
    token = answer.get("id_token")
    if not isinstance(token, str):
        raise _not_believed(by, "no_id_token")
    return read_token(token, _json(by, "GET", str(found["jwks_uri"])), by, pending, now=now)


# ---------------------------------------------------------------- the ID token


def _verified(
    token: str, jwks: dict[str, Any], by: Provider
) -> tuple[dict[str, Any], RSAKey | ECKey | OKPKey]:
    """The claims of a token that one of the provider's public keys signed, and that key."""
    try:
        header = jws.extract_compact(token.encode()).headers()
        keys = KeySet.import_key_set({"keys": list(jwks["keys"])}).keys
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise _not_believed(by, "unreadable_token") from error
    if header.get("alg") not in ALGORITHMS:
        raise _not_believed(by, "algorithm")
    wanted = [
        key
        for key in keys
        if isinstance(key, RSAKey | ECKey | OKPKey)
        and key.dict_value.get("use", "sig") == "sig"
        and ("kid" not in header or key.dict_value.get("kid") == header["kid"])
        and not (isinstance(key, RSAKey) and key.public_key.key_size < 2048)
    ]
    for key in wanted:
        try:
            return dict(jwt.decode(token, key, algorithms=list(ALGORITHMS)).claims), key
        except (JoseError, ValueError, TypeError):
            continue
    raise _not_believed(by, "signature")


def _time(claims: dict[str, Any], name: str, by: Provider) -> datetime:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _not_believed(by, f"no_{name}")
    try:
        return datetime.fromtimestamp(value, UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise _not_believed(by, f"no_{name}") from error


def read_token(
    token: str, jwks: dict[str, Any], by: Provider, pending: Pending, *, now: datetime
) -> Identity:
    """Who an ID token proves (OpenID Connect Core 3.1.3.7, and what signing asks besides)."""
    claims, key = _verified(token, jwks, by)
    if claims.get("iss") != by.issuer:
        raise _not_believed(by, "issuer")
    audience = claims.get("aud")
    audiences = audience if isinstance(audience, list) else [audience]
    if by.client not in audiences or (len(audiences) > 1 and claims.get("azp") != by.client):
        raise _not_believed(by, "audience")
    if claims.get("azp", by.client) != by.client:
        raise _not_believed(by, "audience")
    if _time(claims, "exp", by) <= now - SKEW:
        raise _not_believed(by, "expired")
    if not now - LONGEST - SKEW <= _time(claims, "iat", by) <= now + SKEW:
        raise _not_believed(by, "issued_at")
    if not hmac.compare_digest(str(claims.get("nonce", "")), pending.nonce):
        raise _not_believed(by, "nonce")
    at = _time(claims, "auth_time", by)
    if not datetime.fromtimestamp(pending.began, UTC) - SKEW <= at <= now + SKEW:
        raise _not_believed(by, "not_asked_now")
    loa = claims.get(by.loa_claim)
    if loa not in by.loa:
        raise IdentityRefused(
            "loa",
            _(
                "Du var logget ind hos %(provider)s på et lavere sikringsniveau, end en underskrift kræver."
            )
            % {"provider": by.name},
        )
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise _not_believed(by, "no_subject")
    return Identity(
        issuer=by.issuer,
        provider=by.name,
        subject=subject,
        name=" ".join(str(claims.get(by.name_claim) or "").split())[:120],
        cvr="".join(c for c in str(claims.get(by.cvr_claim) or "") if c.isdecimal())[-8:],
        loa=str(loa),
        at=at,
        nonce=pending.nonce,
        salt=pending.salt,
        bound=pending.bound,
        token=token,
        key=dict(key.as_dict(private=False)),
    )
