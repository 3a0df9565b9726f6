"""Addresses of the runs context."""

from django.urls import path

from samspil.runs.views import pages

app_name = "runs"
urlpatterns = [
    path("", pages.runs, name="runs"),
    path("maal/<str:course_number>/", pages.course, name="course"),
    path("maal/<str:course_number>/laeg-sammen/", pages.ask, name="ask"),
    path("forslag/<int:pooling_id>/", pages.pooling, name="pooling"),
    path("forslag/<int:pooling_id>/stop/", pages.stop, name="stop"),
    path("forslag/<int:pooling_id>/opgave.json", pages.problem_file, name="problem_file"),
]
