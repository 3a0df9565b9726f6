"""Pages about networks, organisations and people."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from samspil.kernel import clock, signing
from samspil.kernel.actor import Actor
from samspil.kernel.errors import Conflict, Invalid
from samspil.kernel.http import LOGIN, PUBLIC, ActorRequest, insist, requires
from samspil.network import rules
from samspil.network.domain import networks, organisations, people, queries, territories
from samspil.network.enums import MembershipKind, OrganisationKind
from samspil.network.interfaces.forms import (
    AcceptForm,
    AddMemberForm,
    InviteForm,
    LeaveForm,
    MergeForm,
    NetworkForm,
    NewOrganisationForm,
    OrganisationForm,
    RenameForm,
    ResetFactorForm,
    TerritoryForm,
)
from samspil.ui.components import Tab
from samspil.ui.pages import entries, form_page


def _tabs(actor: Actor, network: Any, current: str) -> list[Tab]:
    history = [Tab(_("Historik"), reverse("network:audit", args=[network.pk]))]
    return [
        Tab(
            _("Skoler"), reverse("network:network", args=[network.pk]), current=current == "members"
        ),
        Tab(
            _("Personer og roller"),
            reverse("network:people", args=[network.pk]),
            current=current == "people",
        ),
        *(history if rules.may_run_network(actor, network) else []),
    ]


@requires(LOGIN)
def network_list(request: ActorRequest) -> HttpResponse:
    """The networks the actor sees."""
    found = queries.networks(request.actor)
    if len(found) == 1:
        return redirect("network:network", found[0].pk)
    return render(request, "network/networks.html", {"networks": found})


@requires(LOGIN)
def network(request: ActorRequest, network_id: int) -> HttpResponse:
    """Members, guests, and those who left."""
    found = queries.get_network(request.actor, network_id)
    rows = queries.memberships(found)
    members = [row for row in rows if row.valid_to is None and row.kind == MembershipKind.MEMBER]
    guests = [row for row in rows if row.valid_to is None and row.kind == MembershipKind.INVITED]
    former = [row for row in rows if row.valid_to is not None]
    return render(
        request,
        "network/network.html",
        {
            "network": found,
            "members": members,
            "guests": guests,
            "groups": [
                (label, group)
                for label, group in (
                    (_("Medlemmer"), members),
                    (_("Inviterede"), guests),
                    (_("Har forladt samarbejdet"), former),
                )
                if group
            ],
            "may_run": rules.may_run_network(request.actor, found),
            "regions": territories.coverage(found, today=clock.today()),
            "tabs": _tabs(request.actor, found, "members"),
        },
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def network_settings(request: ActorRequest, network_id: int) -> HttpResponse:
    """The network's names, and which courses its rounds are about."""
    found = queries.get_network(request.actor, network_id)
    insist(rules.may_run_network(request.actor, found))
    home = reverse("network:network", args=[found.pk])
    form = NetworkForm(request.POST) if request.method == "POST" else NetworkForm.of(found)

    def save(data: dict[str, Any]) -> str:
        networks.change_network(actor=request.actor, now=clock.now(), network=found, **data)
        return home

    return form_page(
        request,
        form,
        heading=_("Indstillinger"),
        crumbs=[(found.name, home)],
        submit=_("Gem"),
        cancel_url=home,
        save=save,
        said=_("Indstillingerne er gemt."),
        lede=_(
            "Valget af mål gælder for runder, I opretter fra nu af. Runder, der allerede er oprettet, beholder de mål, de har."
        ),
    )


@requires(LOGIN)
def network_people(request: ActorRequest, network_id: int) -> HttpResponse:
    """Who holds which role in the network and its schools, and who is invited."""
    found = queries.get_network(request.actor, network_id)
    may_run = rules.may_run_network(request.actor, found)
    return render(
        request,
        "network/people.html",
        {
            "network": found,
            "assignments": queries.roles_in(network=found, today=clock.today()),
            "invitations": queries.invitations(request.actor, network=found) if may_run else [],
            "now": clock.now(),
            "may_reset": request.actor.is_platform_admin,
            "may_run": may_run,
            "tabs": _tabs(request.actor, found, "people"),
        },
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def add_member(request: ActorRequest, network_id: int) -> HttpResponse:
    """Take an organisation that exists into the network."""
    found = queries.get_network(request.actor, network_id)
    insist(rules.may_run_network(request.actor, found))
    home = reverse("network:network", args=[found.pk])
    form = AddMemberForm(request.POST or None, actor=request.actor, network=found)

    def save(data: dict[str, Any]) -> str:
        organisations.add_member(actor=request.actor, now=clock.now(), network=found, **data)
        return home

    return form_page(
        request,
        form,
        heading=_("Tag en skole med"),
        crumbs=[(found.name, home)],
        submit=_("Tag med"),
        cancel_url=home,
        save=save,
        said=_("Skolen er kommet med."),
        lede=_("Findes skolen ikke på listen, så opret den først."),
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def organisation_new(request: ActorRequest, network_id: int) -> HttpResponse:
    """Create an organisation and take it in."""
    found = queries.get_network(request.actor, network_id)
    insist(rules.may_run_network(request.actor, found))
    home = reverse("network:network", args=[found.pk])
    form = NewOrganisationForm(request.POST or None)

    def save(data: dict[str, Any]) -> str:
        made = organisations.create_organisation(
            actor=request.actor, now=clock.now(), network=found, **data
        )
        return reverse("network:organisation", args=[made.pk])

    return form_page(
        request,
        form,
        heading=_("Opret en organisation"),
        crumbs=[(found.name, home)],
        submit=_("Opret"),
        cancel_url=home,
        save=save,
        said=_("Organisationen er oprettet."),
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def leave(request: ActorRequest, membership_id: int) -> HttpResponse:
    """A school leaves, perhaps in the middle of the year (R62)."""
    place = queries.get_membership(request.actor, membership_id)
    insist(rules.may_end_membership(request.actor, place))
    home = reverse("network:network", args=[place.network_id])
    form = LeaveForm(request.POST or None, initial={"on": clock.today()})

    def save(data: dict[str, Any]) -> str:
        organisations.leave(actor=request.actor, now=clock.now(), membership=place, **data)
        return home

    return form_page(
        request,
        form,
        heading=_("%(school)s forlader samarbejdet") % {"school": place.organisation.name},
        crumbs=[(place.network.name, home)],
        submit=_("Meld skolen ud"),
        cancel_url=home,
        save=save,
        danger=True,
        lede=_(
            "Det, skolen havde påtaget sig i åbne runder, mangler igen en udbyder fra den dag. Underskrevne aftaler bliver stående, som de er."
        ),
        said=_("%(school)s har forladt samarbejdet.") % {"school": place.organisation.name},
    )


def _facts(found: Any) -> list[tuple[str, Any]]:
    pairs = [
        (_("Kort navn"), found.short_name),
        (
            _("Adresse"),
            ", ".join(
                part for part in (found.street, f"{found.postcode} {found.city}".strip()) if part
            ),
        ),
        (_("Kommune"), found.municipality.name if found.municipality else ""),
        (_("Institutionsnummer"), found.institution_number),
        (_("CVR-nummer"), found.cvr),
        (_("E-mail"), found.email),
        (_("Hjemmeside"), found.website),
    ]
    return [(term, value) for term, value in pairs if value]


@requires(LOGIN)
def organisation(request: ActorRequest, organisation_id: int) -> HttpResponse:
    """One organisation: facts, names it has had, mergers, roles, history."""
    found = queries.get_organisation(request.actor, organisation_id)
    may_change = rules.may_change_organisation(request.actor, found)
    return render(
        request,
        "network/organisation.html",
        {
            "organisation": found,
            "facts": _facts(found),
            "names": found.names.order_by("-valid_to", "-pk"),
            "predecessors": found.predecessors.order_by("name", "pk"),
            "served": territories.served_by(found),
            "memberships": queries.memberships_of(request.actor, found),
            "assignments": queries.roles_in(organisation=found, today=clock.today()),
            "invitations": queries.invitations(request.actor, organisation=found)
            if may_change
            else [],
            "now": clock.now(),
            "may_reset": request.actor.is_platform_admin,
            "history": entries(queries.history(found)) if may_change else [],
            "may_change": may_change and found.valid_to is None,
            "sees_mandates": found.kind == OrganisationKind.SCHOOL
            and rules.may_see_mandates(request.actor, found),
            "may_merge": found.valid_to is None and rules.may_merge(request.actor, found),
        },
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def organisation_edit(request: ActorRequest, organisation_id: int) -> HttpResponse:
    """Change address and the like."""
    found = queries.get_organisation(request.actor, organisation_id)
    insist(rules.may_change_organisation(request.actor, found))
    home = reverse("network:organisation", args=[found.pk])
    form = (
        OrganisationForm(request.POST) if request.method == "POST" else OrganisationForm.of(found)
    )

    def save(data: dict[str, Any]) -> str:
        organisations.change_organisation(
            actor=request.actor,
            now=clock.now(),
            organisation=found,
            version=data["version"],
            values=form.values,
        )
        return home

    return form_page(
        request,
        form,
        heading=_("Ret oplysninger"),
        crumbs=[(found.name, home)],
        submit=_("Gem"),
        cancel_url=home,
        save=save,
        said=_("Oplysningerne er gemt."),
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def organisation_territory(request: ActorRequest, organisation_id: int) -> HttpResponse:
    """Say which municipalities a school serves."""
    found = queries.get_organisation(request.actor, organisation_id)
    insist(rules.may_change_organisation(request.actor, found))
    home = reverse("network:organisation", args=[found.pk])
    form = TerritoryForm(request.POST or None, served=territories.served_by(found))

    def save(data: dict[str, Any]) -> str:
        territories.set_territory(
            actor=request.actor,
            now=clock.now(),
            organisation=found,
            municipality_ids=form.chosen,
            seen=data["seen"],
        )
        return home

    return form_page(
        request,
        form,
        heading=_("Kommuner, skolen dækker"),
        crumbs=[(found.name, home)],
        submit=_("Gem"),
        cancel_url=home,
        save=save,
        said=_("Kommunerne er gemt."),
        lede=_(
            "Det er aftalt mellem skolerne. En godkendelse gælder i hele landet, uanset hvad der vælges her."
        ),
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def organisation_rename(request: ActorRequest, organisation_id: int) -> HttpResponse:
    """Give a new name; the old one stays in the history (R125)."""
    found = queries.get_organisation(request.actor, organisation_id)
    insist(rules.may_change_organisation(request.actor, found))
    home = reverse("network:organisation", args=[found.pk])
    form = RenameForm(request.POST or None, initial={"on": clock.today()})

    def save(data: dict[str, Any]) -> str:
        organisations.rename_organisation(
            actor=request.actor, now=clock.now(), organisation=found, **data
        )
        return home

    return form_page(
        request,
        form,
        heading=_("Nyt navn"),
        crumbs=[(found.name, home)],
        submit=_("Skift navn"),
        cancel_url=home,
        save=save,
        said=_("Navnet er skiftet."),
        lede=_("Det gamle navn bliver i historikken, så skolen stadig kan findes på det."),
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def organisation_merge(request: ActorRequest, organisation_id: int) -> HttpResponse:
    """Make a school part of another (R125)."""
    found = queries.get_organisation(request.actor, organisation_id)
    insist(rules.may_merge(request.actor, found))
    home = reverse("network:organisation", args=[found.pk])
    form = MergeForm(request.POST or None, organisation=found, initial={"on": clock.today()})

    def save(data: dict[str, Any]) -> str:
        organisations.merge_organisations(
            actor=request.actor, now=clock.now(), organisation=found, **data
        )
        return home

    return form_page(
        request,
        form,
        heading=_("Læg sammen med en anden"),
        crumbs=[(found.name, home)],
        submit=_("Læg sammen"),
        cancel_url=home,
        save=save,
        danger=True,
        said=_("Skolerne er lagt sammen."),
        lede=_(
            "Skolen lukkes dagen før og peger på den nye, som overtager dens pladser i samarbejderne og kan findes på dens navne."
        ),
    )


def _invite(request: ActorRequest, scope: Any, home: str) -> HttpResponse:
    insist(rules.may_assign_for(request.actor, scope))
    form = InviteForm(request.POST or None, scope=scope)

    def save(data: dict[str, Any]) -> str:
        people.invite(actor=request.actor, now=clock.now(), scope=scope, **data)
        return home

    return form_page(
        request,
        form,
        heading=_("Inviter en person"),
        crumbs=[(scope.name, home)],
        submit=_("Send invitation"),
        cancel_url=home,
        save=save,
        said=_("Invitationen er sendt."),
        lede=_("Personen får en mail med et link, der virker i 14 dage."),
    )


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def invite_to_network(request: ActorRequest, network_id: int) -> HttpResponse:
    """Invite somebody to a role in the network."""
    found = queries.get_network(request.actor, network_id)
    return _invite(request, found, reverse("network:people", args=[found.pk]))


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def invite_to_organisation(request: ActorRequest, organisation_id: int) -> HttpResponse:
    """Invite somebody to a role for an organisation; a guest school's people, too."""
    found = queries.get_organisation(request.actor, organisation_id)
    return _invite(request, found, reverse("network:organisation", args=[found.pk]))


def _back(scope: Any) -> HttpResponse:
    if scope.organisation_id:
        return redirect("network:organisation", scope.organisation_id)
    return redirect("network:people", scope.network_id)


def _ask(
    request: ActorRequest, *, question: str, detail: str, label: str, cancel_url: str
) -> HttpResponse:
    return render(
        request,
        "network/ask.html",
        {
            "question": question,
            "detail": detail,
            "label": label,
            "cancel_url": cancel_url,
        },
    )


def _home(scope: Any) -> str:
    if scope.organisation_id:
        return reverse("network:organisation", args=[scope.organisation_id])
    return reverse("network:people", args=[scope.network_id])


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def withdraw_invitation(request: ActorRequest, invitation_id: int) -> HttpResponse:
    """Ask, then take an invitation back."""
    found = queries.get_invitation(request.actor, invitation_id)
    insist(rules.may_withdraw(request.actor, found))
    if request.method != "POST":
        return _ask(
            request,
            question=_("Træk invitationen tilbage?"),
            label=_("Træk tilbage"),
            cancel_url=_home(found),
            detail=_("%(name)s kan ikke længere bruge linket i mailen.") % {"name": found.name},
        )
    people.withdraw_invitation(actor=request.actor, now=clock.now(), invitation=found)
    messages.success(request, _("Invitationen er trukket tilbage."))
    return redirect(_home(found))


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def end_role(request: ActorRequest, assignment_id: int) -> HttpResponse:
    """Ask, then end a role from tomorrow on."""
    found = queries.get_role(request.actor, assignment_id)
    insist(rules.may_end_role(request.actor, found))
    if request.method != "POST":
        return _ask(
            request,
            question=_("Afslut rollen?"),
            label=_("Afslut rollen"),
            cancel_url=_home(found),
            detail=_("%(name)s er %(role)s til og med i dag.")
            % {"name": found.person.name, "role": found.get_role_display()},
        )
    try:
        people.end_role(actor=request.actor, now=clock.now(), assignment=found, on=clock.today())
    except Conflict as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("Rollen ophører efter i dag."))
    return redirect(_home(found))


@requires(LOGIN)
@require_http_methods(["GET", "POST"])
def reset_factor(request: ActorRequest, person_id: int) -> HttpResponse:
    """Take somebody's lost second factor away, after giving one's own."""
    found = queries.get_person(request.actor, person_id)
    insist(rules.may_reset_factor(request.actor, found))
    now = clock.now()
    factor = signing.fresh_factor(request, now)
    home = reverse("network:index")
    here = reverse("network:reset_factor", args=[person_id])
    if factor is None and not signing.is_example():
        return render(
            request,
            "network/prove.html",
            {
                "person": found,
                "has_factor": signing.has_factor(request),
                "factor_url": signing.ask_url(request, here) if signing.has_factor(request) else "",
                "cancel_url": home,
            },
        )

    def save(data: dict[str, Any]) -> str:
        people.reset_second_factor(
            actor=request.actor,
            now=now,
            person=found,
            factor=factor or signing.SecondFactor(signing.EXAMPLE_METHOD, now),
            **data,
        )
        return home

    return form_page(
        request,
        ResetFactorForm(request.POST or None),
        heading=_("Nulstil anden faktor for %(name)s") % {"name": found.name},
        crumbs=[(_("Samarbejder"), home)],
        submit=_("Nulstil"),
        cancel_url=home,
        save=save,
        danger=True,
        said=_("Den anden faktor er nulstillet. %(name)s har fået en mail.") % {"name": found.name},
        lede=_(
            "Personen bliver logget af overalt og sætter en ny op ved næste login. Alle adgangsnøgler, koder og nødkoder går ud."
        ),
    )


@requires(PUBLIC)
@require_http_methods(["GET", "POST"])
def accept_invitation(request: ActorRequest, token: str) -> HttpResponse:
    """Follow the link of an invitation. The link itself is the permission."""
    invitation = people.open_invitation(token, now=clock.now())
    is_known = people.knows_email(invitation.email)
    form = AcceptForm(request.POST or None, initial={"name": invitation.name})
    if request.method == "POST" and (is_known or form.is_valid()):
        data = (
            {}
            if is_known
            else {"name": form.cleaned_data["name"], "password": form.cleaned_data["password"]}
        )
        try:
            people.accept_invitation(actor=request.actor, now=clock.now(), token=token, **data)
        except Invalid as error:
            if is_known:
                messages.error(request, error.message)
            else:
                form.add_error(error.field if error.field in form.fields else None, error.message)
        else:
            messages.success(
                request,
                _("Velkommen. Du har nu rollen %(role)s.")
                % {"role": invitation.get_role_display()},
            )
            return redirect("/")
    response = render(
        request,
        "network/accept.html",
        {
            "invitation": invitation,
            "form": form,
            "is_known": is_known,
            "scope": invitation.organisation or invitation.network,
            "login_url": f"{reverse('account_login')}?next={request.path}",
            "is_signed_in": request.actor.kind == "person",
        },
    )
    response["Referrer-Policy"] = "no-referrer"
    return response
