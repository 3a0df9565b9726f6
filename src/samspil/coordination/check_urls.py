"""The address where anybody checks a sealed agreement."""

from django.urls import path

from samspil.coordination.views import seals

app_name = "check"
urlpatterns = [path("", seals.check, name="page")]
