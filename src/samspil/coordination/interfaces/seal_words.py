"""A check of a sealed file in words: what to say first, and what it means."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from samspil.coordination.domain.sealed_record import Act, Holds, Verdict
from samspil.coordination.models import Signature
from samspil.network.interfaces.signed import METHODS, proof_words


def method_words(signature: Signature) -> str:
    """What a signature is secured with, in words."""
    proof = getattr(signature, "proof", None) if signature.method == "openid" else None
    if proof is not None:
        return proof_words(proof.provider, proof.loa)
    return str(METHODS.get(signature.method, signature.method))


def act_words(act: Act) -> str:
    """What an act that stands in a sealed file was secured with."""
    if act.provider:
        return proof_words(act.provider, act.loa)
    return str(METHODS.get(act.method, act.method))


@dataclass(frozen=True, slots=True)
class Answer:
    """One sentence, its colour (a kind of alert), and what it means."""

    kind: str
    heading: str
    text: str


def answer(found: Verdict) -> Answer:
    """The answer to 'does it hold?', in plain words."""
    if found.holds == Holds.WHOLE and found.content_matches is False:
        return Answer(
            "error",
            _("Seglet holder, men indholdet passer ikke til underskrifterne"),
            _("Filen er hel, men den viser et andet indhold end det, der er underskrevet."),
        )
    if found.holds == Holds.WHOLE and found.content_matches is None:
        return Answer(
            "success",
            _("Seglet holder"),
            _("Filen er ikke ændret, siden den blev forseglet. Den er ikke en aftale fra Samspil."),
        )
    if found.holds == Holds.WHOLE:
        return Answer(
            "success",
            _("Seglet holder"),
            _("Intet i aftalen er ændret, siden den blev forseglet."),
        )
    if found.holds == Holds.STRANGER:
        return Answer(
            "warning",
            _("Filen er ikke ændret, men vi kender ikke seglet"),
            _(
                "Seglet er sat med en nøgle, som denne installation ikke kender. Enhver kan lave sådan et segl, også med en skoles navn i. Stol ikke på filen uden at spørge den, der skulle have udstedt den."
            ),
        )
    if found.holds == Holds.REVOKED:
        return Answer(
            "error",
            _("Nøglen var trukket tilbage"),
            _("Seglet er sat med en nøgle, som ikke længere gjaldt. Stol ikke på filen."),
        )
    if found.holds == Holds.CHANGED and found.reason == "added":
        return Answer(
            "error",
            _("Der er lagt noget til filen, efter at den blev forseglet"),
            _(
                "Det, der blev underskrevet, står nedenfor. Men filen kan vise noget andet nu. Find den oprindelige fil."
            ),
        )
    if found.holds == Holds.CHANGED:
        return Answer(
            "error",
            _("Filen er ændret, efter at den blev forseglet"),
            _(
                "Indholdet er ikke det, der blev forseglet. Stol ikke på filen, og find den oprindelige."
            ),
        )
    if found.holds == Holds.UNSEALED:
        return Answer(
            "warning",
            _("Filen har intet segl"),
            _("Man kan ikke se på den, om den er ændret, eller hvem der har lavet den."),
        )
    return Answer("error", _("Filen kan ikke kontrolleres"), _unreadable(found.reason))


def _unreadable(reason: str) -> str:
    if reason == "encrypted":
        return _("Filen er beskyttet med adgangskode. Det er en forseglet aftale aldrig.")
    if reason == "too_much":
        return _(
            "Det tager for lang tid eller for meget hukommelse at læse den. En forseglet aftale læses på et øjeblik."
        )
    if reason == "not_pdf":
        return _("Filen er ikke en PDF.")
    return _("Filen er ikke en hel PDF. Hent den igen der, hvor du fik den.")
