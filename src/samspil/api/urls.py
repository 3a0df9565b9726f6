"""Addresses of the API and of open data."""

from django.urls import include, path

from samspil.api.views import files

app_name = "api"
urlpatterns = [
    path("api/", include(files.api.served())),
]
