"""Addresses of the API and of open data."""

from django.urls import include, path

from samspil.api.views import files, ooapi, own_runs, pages

app_name = "api"
(served,) = {files.api, own_runs.api, ooapi.api}  # one API, declared in several modules
urlpatterns = [
    path("api/", pages.documentation, name="documentation"),
    path("api/noegler/", pages.keys, name="keys"),
    path("api/noegler/ny/", pages.new_key, name="new_key"),
    path("api/noegler/<int:api_key_id>/tilbagekald/", pages.revoke_key, name="revoke_key"),
    path("api/abonnementer/", pages.webhooks, name="webhooks"),
    path("api/abonnementer/nyt/", pages.new_webhook, name="new_webhook"),
    path("api/abonnementer/<int:webhook_id>/", pages.webhook, name="webhook"),
    path("api/abonnementer/<int:webhook_id>/ret/", pages.change_webhook, name="change_webhook"),
    path(
        "api/abonnementer/<int:webhook_id>/proev/",
        pages.webhook_do,
        {"verb": "proev"},
        name="webhook_test",
    ),
    path(
        "api/abonnementer/<int:webhook_id>/pause/",
        pages.webhook_do,
        {"verb": "pause"},
        name="webhook_pause",
    ),
    path(
        "api/abonnementer/<int:webhook_id>/start/",
        pages.webhook_do,
        {"verb": "start"},
        name="webhook_resume",
    ),
    path("api/abonnementer/<int:webhook_id>/hemmelighed/", pages.renew_secret, name="renew_secret"),
    path("api/abonnementer/<int:webhook_id>/slet/", pages.delete_webhook, name="delete_webhook"),
    path("api/", include(served.served())),
]
