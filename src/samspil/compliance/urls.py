"""Addresses of the compliance context."""

from django.urls import path

from samspil.compliance.views import pages

app_name = "compliance"
urlpatterns = [
    path("", pages.index, name="index"),
    path("runde/<int:round_id>/", pages.round_page, name="round"),
    path("runde/<int:round_id>/kontroller/", pages.check, name="check"),
    path("runde/<int:round_id>/opfoelgning.xlsx", pages.export, name="export"),
    path("runde/<int:round_id>/skole/<int:organisation_id>/", pages.school, name="school"),
    path("runde/<int:round_id>/uden-for/<int:outside_id>/", pages.outside, name="outside"),
    path("runde/<int:round_id>/maal/", pages.courses, name="courses"),
    path("runde/<int:round_id>/maal/<int:row_id>/", pages.course, name="course"),
    path("aftale/<int:follow_up_id>/", pages.follow_up, name="follow_up"),
]
