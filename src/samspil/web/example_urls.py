"""Addresses that exist in the example settings alone."""

from django.urls import URLPattern

app_name = "example"
urlpatterns: list[URLPattern] = []
