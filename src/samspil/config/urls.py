"""All addresses. Each context has its own; Danish, as the user reads them."""

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import include, path

from samspil.kernel.http import PUBLIC, requires


@requires(PUBLIC)
def closed(request: HttpRequest) -> HttpResponseBase:
    """A page of the sign-in library that Samspil does not offer."""
    raise Http404


urlpatterns = [
    # People come by invitation, and their address is changed where people are kept.
    path("konto/signup/", closed),
    path("konto/signup/passkey/", closed),
    path("konto/email/", closed),
    path("konto/", include("allauth.urls")),
    path("kontrol/", include("samspil.coordination.check_urls")),
    path("runder/", include("samspil.coordination.urls")),
    path("hold/", include("samspil.runs.urls")),
    path("tilmelding/", include("samspil.enrolment.urls")),
    path("opfoelgning/", include("samspil.compliance.urls")),
    path("afregning/", include("samspil.settlement.urls")),
    path("udlaan/", include("samspil.lending.urls")),
    path("", include("samspil.api.urls")),
    path("katalog/", include("samspil.catalogue.urls")),
    path("netvaerk/", include("samspil.network.urls")),
    path("", include("samspil.web.urls")),
    path("_ui/", include("samspil.ui.urls")),
]
if settings.EXAMPLE_DOOR:
    urlpatterns.append(path("proev/", include("samspil.web.example_urls")))
