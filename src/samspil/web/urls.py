"""Addresses of web."""

from django.urls import path

from samspil.web.views import account, front

app_name = "web"
urlpatterns = [
    path("", front.front, name="front"),
    path("skift/", front.switch, name="switch"),
    path("min-konto/", account.account, name="account"),
    path("sprog/", account.language, name="language"),
    path("tilgaengelighed/", front.accessibility, name="accessibility"),
]
