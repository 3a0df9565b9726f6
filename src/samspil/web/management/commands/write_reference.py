"""``manage.py write_reference``: docs/reference from the code; ``--check`` only compares."""

from __future__ import annotations

import difflib
import importlib
import inspect
import pkgutil
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.urls import URLPattern, URLResolver, get_resolver

import samspil
from samspil.kernel.actions import ACTIONS

_NOTE = "<!-- Written by `make reference`; do not edit. -->"


class Command(BaseCommand):
    help = "Skriver docs/reference ud fra koden. Med --check sammenlignes der kun."
    requires_system_checks = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="skriv ikke; fejl ved forskel")

    def handle(self, *args: Any, **options: Any) -> None:
        """Write the pages, or say with a difference which of them is out of date."""
        folder: Path = settings.ROOT / "docs" / "reference"
        stale = []
        for name, content in pages().items():
            path = folder / name
            old = path.read_text(encoding="utf-8") if path.exists() else ""
            if old == content:
                continue
            if not options["check"]:
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(content, encoding="utf-8")
                continue
            lines = difflib.unified_diff(old.splitlines(), content.splitlines(), n=0, lineterm="")
            stale.append(f"docs/reference/{name}\n" + "\n".join(list(lines)[2:30]))
        if stale:
            raise CommandError("Out of date, run `make reference`:\n" + "\n\n".join(stale))


def pages() -> dict[str, str]:
    """The reference, file name to content."""
    _import_everything()
    return {
        "actions.md": _actions(),
        "addresses.md": _addresses(),
        "settings.md": _settings(),
        "jobs.md": _jobs(),
        "commands.md": _commands(),
    }


def _import_everything() -> None:
    for module in pkgutil.walk_packages(samspil.__path__, "samspil."):
        if ".config" not in module.name and ".migrations" not in module.name:
            importlib.import_module(module.name)


def _page(title: str, intro: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"# {title}", "", _NOTE, "", intro, ""]
    lines.append("| " + " | ".join(head) + " |")
    lines.append("|" + " --- |" * len(head))
    lines += [
        "| " + " | ".join(cell.replace("|", "\\|").replace("\n", " ") for cell in row) + " |"
        for row in rows
    ]
    return "\n".join(lines) + "\n"


def _first_line(thing: object) -> str:
    return (inspect.getdoc(thing) or "").split("\n\n", 1)[0].replace("\n", " ").replace("``", "`")


def _actions() -> str:
    rows = []
    for name, info in sorted(ACTIONS.items()):
        permission = inspect.unwrap(info.permission)
        where = permission.__module__.removeprefix("samspil.")
        called = permission.__name__.replace("<lambda>", "rule in place")
        judged = f" on `{info.on}`" if info.on else ""
        rows.append((f"`{name}`", _first_line(info.function), f"`{where}.{called}`{judged}"))
    return _page(
        "Actions and permissions",
        "Every change of data is one of these. The name is the permission and the verb on the "
        "audit trail too; the third column is the rule that says who may.",
        ("action", "what it does", "who may"),
        rows,
    )


def _walk(
    patterns: Iterable[Any], prefix: str = "", names: str = ""
) -> Iterable[tuple[str, str, Any]]:
    for entry in patterns:
        route = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            inner = f"{names}{entry.namespace}:" if entry.namespace else names
            yield from _walk(entry.url_patterns, route, inner)
        elif isinstance(entry, URLPattern):
            yield route, f"{names}{entry.name or ''}", entry.callback


def _addresses() -> str:
    rows = []
    for route, name, view in _walk(get_resolver().url_patterns):
        module = view.__module__
        own = module.startswith(tuple(settings.VIEWS_WITH_OWN_RULES))
        needs = "the library's own rules" if own else getattr(view, "samspil_requires", "")
        rows.append((f"`/{route}`", f"`{name}`", needs, _first_line(view) if not own else ""))
    return _page(
        "Addresses",
        "Every address and what it needs. `public`: anybody; `login`: somebody signed in, who "
        "then sees what the query or the action behind the page allows.",
        ("address", "name", "needs", "what it shows"),
        rows,
    )


_ASKED = re.compile(r"""ENV\.(text|flag|number|words|database)\(\s*"(\w+)"(?:,\s*([^\n]*?))?\)""")


def _settings() -> str:
    rows: dict[str, tuple[str, str, str]] = {}
    for name in ("base", "production", "example", "test"):
        path = settings.ROOT / "src" / "samspil" / "config" / "settings" / f"{name}.py"
        for kind, variable, default in _ASKED.findall(path.read_text(encoding="utf-8")):
            rows.setdefault(variable, (kind, default.strip(), name))
    undocumented = sorted(set(rows) - set(_SETTINGS))
    if undocumented:
        raise CommandError(f"Describe in write_reference._SETTINGS: {', '.join(undocumented)}")
    return _page(
        "Settings",
        "Everything comes from the environment. `production` refuses to start when a value "
        "makes it unsafe, and says which.",
        ("variable", "kind", "default", "read by", "what it is"),
        (
            (
                f"`SAMSPIL_{variable}`",
                kind,
                f"`{default}`" if default else "",
                name,
                _SETTINGS[variable],
            )
            for variable, (kind, default, name) in sorted(rows.items())
        ),
    )


_SETTINGS = {
    "ALLOWED_HOSTS": "host names of the site, split by blanks; must be named in production",
    "ALLOW_SQLITE": "1: run production on SQLite, for a small site",
    "ANNOUNCE_DAYS": "days before the last possible start on which an agreed run must be announced",
    "ANNOUNCE_FOLLOW_DAYS": "days after the holder's announcement in which those who follow must announce",
    "ANNOUNCE_NOTICE_DAYS": "days before a run's start after which its announcement is late whatever was agreed",
    "ANNOUNCE_UNDATED_DAYS": "days before the end of the year on which what was agreed without a time must be announced",
    "API_PER_MINUTE": "requests a minute that the API takes from one visitor, by all processes of the machine together; five times as many with a key",
    "BASE_URL": "https address of the site, as it stands in mails",
    "BEHIND_PROXY": "1: a proxy ends TLS and sets X-Forwarded-Proto itself",
    "COLLECTED": "1: `collectstatic` has run (set by `make run`)",
    "DATABASE": "postgres://user:password@host:port/name, or sqlite:///path",
    "DEBUG": "1: Django's debug pages; refused in production",
    "FROM_EMAIL": "sender of mails",
    "HARVEST_KEEP_DAYS": "how long the history of announced runs is kept; at least 2",
    "HARVEST_PAUSE_MS": "pause between two questions to the national search, in milliseconds",
    "HARVEST_URL": "address of the national search of runs, with {course} and {page} where they belong; empty: nothing is fetched",
    "HSTS_SECONDS": "how long browsers keep to https; at least a year",
    "LOG_LEVEL": "DEBUG, INFO, WARNING or ERROR",
    "MAIL_DOMAIN": "right-hand side of Message-IDs",
    "OLD_SECRET_KEYS": "earlier keys that are still accepted while sessions run out",
    "PROXIES": "how many proxies stand in front, for the visitor's address in rate limits",
    "REQUEST_MAX_MB": "largest request that is read at all",
    "SIGN_BUILT_IN": "0: the second factor of one's account here is not enough to sign agreements; needs SAMSPIL_SIGN_OIDC_ISSUER",
    "SIGN_OIDC_ISSUER": "an OpenID provider that proves who signs, such as a broker of MitID Erhverv: its issuer, an https address; without it none",
    "SIGN_OIDC_NAME": "what people call the provider",
    "SIGN_OIDC_CLIENT": "our client id there",
    "SIGN_OIDC_SECRET": "our secret there; or SAMSPIL_SIGN_OIDC_KEY",
    "SIGN_OIDC_KEY": "PEM file of a private key (RSA or EC P-256) that we show ourselves with there (private_key_jwt); or SAMSPIL_SIGN_OIDC_SECRET",
    "SIGN_OIDC_SCOPE": "scopes to ask for, openid among them",
    "SIGN_OIDC_LOA": "levels of assurance that are enough, split by blanks: asked for as acr_values, demanded of the answer",
    "SIGN_OIDC_LOA_CLAIM": "the claim that says the level",
    "SIGN_OIDC_NAME_CLAIM": "the claim that says the person's name",
    "SIGN_OIDC_CVR_CLAIM": "the claim that says the organisation's CVR number",
    "SIGN_OIDC_EXTRA": "more to ask the provider with, name=value split by blanks, such as idp_values=mitid_erhverv",
    "SEAL_KEY": "PKCS#12 file of the key that agreements are sealed with; without it they are not sealed",
    "SEAL_ONLINE": "1: fetch revocation lists from the key's authority when sealing",
    "SEAL_PASSWORD": "password of the seal's key",
    "SEAL_REVOCATION": "PEM files of revocation lists, split by blanks",
    "SEAL_TRUST": "PEM files, split by blanks: roots of seals and timestamps, and the certificates of our seals, earlier ones too",
    "SEAL_TSA": "address of a timestamp authority (RFC 3161)",
    "SECRET_KEY": "at least 50 random characters",
    "SESSION_IDLE_MINUTES": "a session ends after so long without use",
    "SESSION_LONGEST_MINUTES": "a session ends after so long, used or not",
    "SMTP_HOST": "mail server",
    "SMTP_PASSWORD": "password at the mail server",
    "SMTP_PORT": "port of the mail server",
    "SIGN_UPS_PER_ADDRESS": "sign-ups that one address on the net may send in ten minutes, in each web process",
    "SMTP_STARTTLS": "1: STARTTLS",
    "SMTP_TLS": "1: TLS from the first byte",
    "SMTP_USER": "user at the mail server",
    "SOLVER_MEMORY_MB": "address space that the planner's process may take; it maps far more than it uses",
    "SOLVER_PROCESSES": "processes that work on one large calculation; the answer is the same",
    "SOLVER_SECONDS": "longest a calculation may take; then the best so far is the answer",
    "TEST_DB": "sqlite or postgres: the database of the tests",
    "TLS": "0 turns off the redirect to https and secure cookies; refused in production",
    "TRUSTED_ORIGINS": "further https origins that may post forms",
    "VAR": "folder of files, static files and the SQLite database",
    "WEBHOOKS_ANYWHERE": "1: let subscriptions reach this machine and its neighbours, without TLS; for trying it, never in production",
}


def _jobs() -> str:
    from samspil.kernel import outbox

    return _page(
        "Jobs",
        "What the worker does, each at least once; handlers can be repeated.",
        ("kind", "what it does"),
        (
            (f"`{kind}`", _first_line(inspect.unwrap(h)))
            for kind, h in sorted(outbox.HANDLERS.items())
        ),
    )


def _commands() -> str:
    from django.core.management import get_commands, load_command_class

    rows = []
    for name, app in sorted(get_commands().items()):
        if str(app).startswith("samspil."):
            rows.append((f"`manage.py {name}`", str(load_command_class(app, name).help)))
    return _page(
        "Commands",
        "Run as `.venv/bin/python src/manage.py …`.",
        ("command", "what it does"),
        rows,
    )
