"""Addresses of the coordination context."""

from django.urls import path

from samspil.coordination.views import forms, rounds

app_name = "coordination"
urlpatterns = [
    path("", rounds.round_list, name="rounds"),
    path("ny/<int:network_id>/", rounds.open_round, name="open_round"),
    path("<int:round_id>/", rounds.round_page, name="round"),
    path("<int:round_id>/datoer/", rounds.change_round, name="change_round"),
    path("<int:round_id>/send-skemaer/", rounds.send_forms, name="send_forms"),
    path("<int:round_id>/trin/", rounds.move_round, name="move_round"),
    path("<int:round_id>/mind/", rounds.remind, name="remind"),
    path("<int:round_id>/skema/<int:organisation_id>/", forms.form_page, name="form"),
    path("<int:round_id>/skema/<int:organisation_id>/gem/", forms.save_lines, name="save_lines"),
    path(
        "<int:round_id>/skema/<int:organisation_id>/indsend/",
        forms.submit_form,
        name="submit_form",
    ),
    path(
        "<int:round_id>/skema/<int:organisation_id>/regneark/",
        forms.form_workbook,
        name="form_workbook",
    ),
    path(
        "<int:round_id>/skema/<int:organisation_id>/aabn/",
        rounds.reopen_form,
        name="reopen_form",
    ),
]
