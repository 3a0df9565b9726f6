"""Addresses of the network context."""

from django.urls import path

from samspil.network.views import audit, mandates, pages

app_name = "network"
urlpatterns = [
    path("", pages.network_list, name="index"),
    path("<int:network_id>/", pages.network, name="network"),
    path("<int:network_id>/historik/", audit.trail, name="audit"),
    path("<int:network_id>/historik.jsonl", audit.export, name="audit_export"),
    path("<int:network_id>/indstillinger/", pages.network_settings, name="settings"),
    path("<int:network_id>/personer/", pages.network_people, name="people"),
    path("<int:network_id>/tag-med/", pages.add_member, name="add_member"),
    path("<int:network_id>/opret/", pages.organisation_new, name="organisation_new"),
    path("<int:network_id>/inviter/", pages.invite_to_network, name="invite_to_network"),
    path("medlem/<int:membership_id>/forlader/", pages.leave, name="leave"),
    path("organisation/<int:organisation_id>/", pages.organisation, name="organisation"),
    path(
        "organisation/<int:organisation_id>/ret/", pages.organisation_edit, name="organisation_edit"
    ),
    path(
        "organisation/<int:organisation_id>/kommuner/",
        pages.organisation_territory,
        name="organisation_territory",
    ),
    path(
        "organisation/<int:organisation_id>/navn/",
        pages.organisation_rename,
        name="organisation_rename",
    ),
    path(
        "organisation/<int:organisation_id>/sammenlaeg/",
        pages.organisation_merge,
        name="organisation_merge",
    ),
    path(
        "organisation/<int:organisation_id>/inviter/",
        pages.invite_to_organisation,
        name="invite_to_organisation",
    ),
    path("organisation/<int:organisation_id>/mandater/", mandates.mandate_list, name="mandates"),
    path(
        "organisation/<int:organisation_id>/mandater/giv/",
        mandates.give_mandate,
        name="give_mandate",
    ),
    path("mandat/<int:mandate_id>/afslut/", mandates.end_mandate, name="end_mandate"),
    path(
        "mandat/<int:mandate_id>/dokument.pdf", mandates.mandate_document, name="mandate_document"
    ),
    path(
        "invitation/<int:invitation_id>/traek-tilbage/",
        pages.withdraw_invitation,
        name="withdraw_invitation",
    ),
    path("rolle/<int:assignment_id>/ophoer/", pages.end_role, name="end_role"),
    path("person/<int:person_id>/anden-faktor/", pages.reset_factor, name="reset_factor"),
    path("velkommen/<str:token>/", pages.accept_invitation, name="accept_invitation"),
]
