"""Addresses of the API and of open data."""

from django.urls import URLPattern

app_name = "api"
urlpatterns: list[URLPattern] = []
