"""A real OpenID provider on this machine: django-oauth-toolkit in a process and database of its own.

    python openid_provider.py FOLDER PORT REDIRECT_URI …

``FOLDER/people.json`` says who signs in there; ``FOLDER/fault`` what is wrong with the next tokens.
Everything in it is constructed.
"""

from __future__ import annotations

import base64
import json
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from html import unescape
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

CLIENT = "samspil-proeve"
SECRET = "konstrueret-hemmelighed-til-proeven"
SUBSTANTIAL = "https://data.gov.dk/concept/core/nsis/Substantial"
LOW = "https://data.gov.dk/concept/core/nsis/Low"
CVR = "12345674"


@dataclass
class OpenIdProvider:
    """The provider as a test uses it."""

    folder: Path
    issuer: str
    process: subprocess.Popen[bytes]

    def knows(self, username: str, **claims: str) -> None:
        """Let somebody sign in there, with these claims."""
        path = self.folder / "people.json"
        people = json.loads(path.read_text()) if path.exists() else {}
        people[username] = {"sub": f"sub-{username}", "acr": SUBSTANTIAL, "cvr": CVR, **claims}
        path.write_text(json.dumps(people))

    def fails_with(self, fault: str) -> None:
        """What is wrong with the tokens from now on; empty: nothing."""
        (self.folder / "fault").write_text(fault)

    def configure(self, settings: Any, **values: Any) -> None:
        """Let Samspil's settings sign by this provider."""
        given = {
            "ISSUER": self.issuer,
            "NAME": "Prøve-ID",
            "CLIENT": CLIENT,
            "SECRET": SECRET,
            "KEY": "",
            "SCOPE": ["openid"],
            "LOA": [SUBSTANTIAL],
            "LOA_CLAIM": "acr",
            "NAME_CLAIM": "name",
            "CVR_CLAIM": "cvr",
            "EXTRA": ["idp_values=mitid_erhverv"],
            **values,
        }
        for name, value in given.items():
            setattr(settings, f"SAMSPIL_SIGN_OIDC_{name}", value)

    def visit(self, address: str, username: str, *, allow: bool = True) -> str:
        """What a person's browser does there; the address it is sent back to."""
        import httpx

        with httpx.Client() as browser:
            page = browser.get(address, follow_redirects=True)
            assert "username" in page.text, page.text[:500]
            page = browser.post(page.url, data={"username": username})
            page = browser.get(urljoin(str(page.url), page.headers["location"]))
            fields = {
                unescape(name): unescape(value)
                for name, value in re.findall(r'name="([^"]+)" value="([^"]*)"', page.text)
            }
            if not allow:
                del fields["allow"]
            answer = browser.post(page.url, data=fields)
            return str(answer.headers["location"])


@contextmanager
def running(folder: Path, *redirect_uris: str) -> Iterator[OpenIdProvider]:
    """Start the provider, wait until it answers, and stop it."""
    import httpx

    folder.mkdir(parents=True, exist_ok=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "fault").write_text("")
    log = (folder / "log.txt").open("wb")
    process = subprocess.Popen(
        [sys.executable, "-W", "ignore", __file__, str(folder), str(port), *redirect_uris],
        stdout=log,
        stderr=log,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": ""},
    )
    issuer = f"http://localhost:{port}/o"
    try:
        for _try in range(600):
            try:
                httpx.get(f"{issuer}/.well-known/openid-configuration").raise_for_status()
                break
            except httpx.HTTPError:
                assert process.poll() is None, (folder / "log.txt").read_text()
                time.sleep(0.1)
        yield OpenIdProvider(folder, issuer, process)
    finally:
        process.terminate()
        process.wait(timeout=20)
        log.close()


# ---------------------------------------------------------------- the process


def _serve(folder: Path, port: int, redirect_uris: list[str]) -> None:
    from cryptography.hazmat.primitives.asymmetric import rsa
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    def pem() -> str:
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()

    import django
    from django.conf import settings

    settings.configure(
        SECRET_KEY="konstrueret " + "0123456789abcdef" * 4,
        DEBUG=False,
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="__main__",
        USE_TZ=True,
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "oauth2_provider",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        TEMPLATES=[
            {
                "BACKEND": "django.template.backends.django.DjangoTemplates",
                "OPTIONS": {
                    "loaders": [
                        (
                            "django.template.loaders.locmem.Loader",
                            {"oauth2_provider/authorize.html": _ALLOW},
                        )
                    ]
                },
            }
        ],
        DATABASES={
            "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": folder / "db.sqlite3"}
        },
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        LOGIN_URL="/login/",
        SESSION_COOKIE_NAME="provider",
        OAUTH2_PROVIDER={
            "OIDC_ENABLED": True,
            "OIDC_RSA_PRIVATE_KEY": pem(),
            "OIDC_ISS_ENDPOINT": f"http://localhost:{port}/o",
            "SCOPES": {"openid": "OpenID"},
            "OAUTH2_VALIDATOR_CLASS": "__main__.Validator",
        },
    )
    django.setup()
    from django.contrib.auth import get_user_model
    from django.core.management import call_command
    from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
    from django.core.wsgi import get_wsgi_application
    from django.urls import include, path
    from oauth2_provider.models import get_application_model
    from oauth2_provider.oauth2_validators import OAuth2Validator

    call_command("migrate", verbosity=0)

    def people() -> dict[str, dict[str, str]]:
        found: dict[str, dict[str, str]] = json.loads((folder / "people.json").read_text())
        return found

    class Validator(OAuth2Validator):
        oidc_claim_scope = None

        def get_additional_claims(self, request: Any) -> dict[str, Any]:
            return dict(people()[request.user.username])

        def finalize_id_token(self, id_token: Any, token: Any, handler: Any, request: Any) -> Any:
            from jwcrypto import jwk

            fault = (folder / "fault").read_text()
            made = super().finalize_id_token(id_token, token, handler, request)
            if not fault:
                return made
            parts = made.split(".")
            header, claims = (json.loads(base64.urlsafe_b64decode(p + "==")) for p in parts[:2])
            claims |= {
                "nonce": {"nonce": "en-anden"},
                "expired": {"exp": claims["iat"] - 3600},
                "old": {"iat": claims["iat"] - 7200},
                "audience": {"aud": "en-anden"},
                "party": {"aud": [CLIENT, "en-anden"], "azp": "en-anden"},
                "issuer": {"iss": "http://localhost:1/o"},
                "level": {"acr": LOW},
                "long ago": {"auth_time": claims["auth_time"] - 3600},
            }.get(fault, {})
            key, secret = request.client.jwk_key, SECRET.encode()
            if fault == "no time":
                del claims["auth_time"]
            if fault == "key":
                key = jwk.JWK.from_pem(pem().encode())
            if fault == "shared":
                header["alg"] = "HS256"
                key = jwk.JWK(kty="oct", k=base64.urlsafe_b64encode(secret).decode().rstrip("="))
            if fault == "none":
                header["alg"] = "none"
                return f"{_b64(header)}.{_b64(claims)}."
            if fault == "changed":
                return f"{parts[0]}.{_b64({**claims, 'cvr': '99999999'})}.{parts[2]}"
            from jwcrypto import jwt

            signed = jwt.JWT(header=json.dumps(header), claims=json.dumps(claims))
            signed.make_signed_token(key)
            return signed.serialize()

    def login_page(request: Any) -> Any:
        from django.contrib.auth import login
        from django.http import HttpResponse, HttpResponseRedirect

        if request.method != "POST":
            return HttpResponse(_LOGIN)
        user, _new = get_user_model().objects.get_or_create(username=request.POST["username"])
        login(request, user, backend="django.contrib.auth.backends.ModelBackend")
        return HttpResponseRedirect(request.GET["next"])

    get_application_model().objects.create(
        name="Samspil",
        client_id=CLIENT,
        client_secret=SECRET,
        client_type="confidential",
        authorization_grant_type="authorization-code",
        redirect_uris=" ".join(redirect_uris),
        algorithm="RS256",
    )
    main = sys.modules["__main__"]
    main.Validator = Validator  # type: ignore[attr-defined]
    main.urlpatterns = [  # type: ignore[attr-defined]
        path("o/", include("oauth2_provider.urls", namespace="oauth2_provider")),
        path("login/", login_page),
    ]
    server = ThreadedWSGIServer(("127.0.0.1", port), WSGIRequestHandler)
    server.set_app(get_wsgi_application())
    server.serve_forever()


def _b64(value: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


_ALLOW = """<!doctype html><html lang="da"><title>Prøve-ID</title><h1>Prøve-ID</h1>
<form method="post">{% for field in form %}{% if field.is_hidden %}<input type="hidden" name="{{ field.name }}" value="{{ field.value|default_if_none:'' }}">{% endif %}{% endfor %}
<button name="allow" value="True">Godkend</button> <button>Afbryd</button></form></html>"""
_LOGIN = """<!doctype html><html lang="da"><title>Prøve-ID</title><h1>Prøve-ID</h1>
<form method="post"><label>Bruger <input name="username"></label> <button>Log ind</button></form></html>"""

if __name__ == "__main__":
    _serve(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3:])
