"""The gallery. In service it does not exist."""

from django.conf import settings
from django.urls import URLPattern, path

from samspil.ui import gallery

app_name = "ui"
urlpatterns: list[URLPattern] = []
if settings.UI_GALLERY:
    urlpatterns += [
        path("", gallery.index, name="gallery"),
        path("tavle/", gallery.board, name="board"),
        path("bekraeft/", gallery.confirm, name="confirm"),
    ]
