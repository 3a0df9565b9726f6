"""The least that Django can do for a request: a view with one indexed query, for comparison."""

from django.http import HttpRequest, JsonResponse
from django.urls import path

from samspil.catalogue.models import Course


def view(request: HttpRequest, number: str) -> JsonResponse:
    """One course by its number."""
    return JsonResponse(Course.objects.values("number", "title").get(number=number))


urlpatterns = [path("<str:number>", view)]
