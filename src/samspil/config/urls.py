"""All addresses. Each context has its own; Danish, as the user reads them."""

from django.conf import settings
from django.urls import include, path

urlpatterns = [
    path("konto/", include("allauth.urls")),
    path("runder/", include("samspil.coordination.urls")),
    path("katalog/", include("samspil.catalogue.urls")),
    path("netvaerk/", include("samspil.network.urls")),
    path("", include("samspil.web.urls")),
    path("_ui/", include("samspil.ui.urls")),
]
if settings.EXAMPLE_DOOR:
    urlpatterns.append(path("proev/", include("samspil.web.example_urls")))
