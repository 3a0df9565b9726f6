"""Addresses that exist in the example settings alone."""

from django.urls import path

from samspil.web.views import example_door

app_name = "example"
urlpatterns = [
    path("", example_door.door, name="door"),
    path("<int:person_id>/", example_door.enter, name="enter"),
]
