"""Whether who signed in at an outside provider is the person who is signed in here (R140).

The rule. A person is tied to one identity at a provider. The first time it is tied when the name
there begins and ends with the same words as the name here; from then on the identity itself counts,
whatever people are called. And the organisation whose CVR number the provider vouches for must be
the school that is signed for.
"""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from samspil.kernel.actions import action, record
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Forbidden
from samspil.kernel.identity import Identity
from samspil.kernel.locking import lock_row
from samspil.network.models import Organisation, Person, PersonIdentity


def same_name(one: str, other: str) -> bool:
    """Whether two names begin and end with the same words: middle names come and go."""
    first, second = one.casefold().split(), other.casefold().split()
    return len(first) > 1 and len(second) > 1 and (first[0], first[-1]) == (second[0], second[-1])


def check_school(identity: Identity, organisation: Organisation) -> None:
    """Raises ``Forbidden`` when the identity is not of this school."""
    if not organisation.cvr:
        raise Forbidden(
            _("%(school)s har intet CVR-nummer i Samspil. Skriv det på skolens side, og prøv igen.")
            % {"school": organisation.name}
        )
    if identity.cvr != organisation.cvr:
        raise Forbidden(
            _(
                "Du var hos %(provider)s for en anden end %(school)s. Vælg skolens CVR-nummer %(cvr)s dér."
            )
            % {
                "provider": identity.provider,
                "school": organisation.name,
                "cvr": organisation.cvr,
            }
        )


@action("network.match_identity", permission=lambda actor, _obj: actor.person_id is not None)
def match_identity(*, actor: Actor, now: datetime, identity: Identity) -> PersonIdentity:
    """The tie between the actor and an identity, made the first time. Raises ``Forbidden``."""
    if actor.person_id is None:
        raise Forbidden(_("Log ind, før du underskriver."))
    person = lock_row(Person.objects.all(), actor.person_id)
    own = PersonIdentity.objects.filter(person=person, issuer=identity.issuer).first()
    taken = PersonIdentity.objects.filter(issuer=identity.issuer, subject=identity.subject).first()
    if own is not None and own.subject == identity.subject:
        return own
    if own is not None or taken is not None:
        raise Forbidden(
            _(
                "Identiteten hos %(provider)s hører ikke til din konto her. Har du fået en ny, så bed en administrator nulstille den gamle."
            )
            % {"provider": identity.provider}
        )
    if not same_name(identity.name, person.name):
        raise Forbidden(
            _("Hos %(provider)s hedder du %(there)s, her %(here)s. Det skal være den samme person.")
            % {"provider": identity.provider, "there": identity.name or "–", "here": person.name}
        )
    tie = PersonIdentity.objects.create(
        person=person,
        issuer=identity.issuer,
        subject=identity.subject,
        name=identity.name,
        linked_at=now,
    )
    record(
        tie,
        after={"person": person.pk, "issuer": identity.issuer, "name": identity.name},
        summary=_("%(name)s er knyttet til sin identitet hos %(provider)s.")
        % {"name": person.name, "provider": identity.provider},
    )
    return tie
