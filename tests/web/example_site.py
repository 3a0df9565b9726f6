"""The addresses as the example settings have them, for the tests of the door."""

from django.urls import include, path

from samspil.config.urls import urlpatterns as _served

urlpatterns = [*_served, path("proev/", include("samspil.web.example_urls"))]
