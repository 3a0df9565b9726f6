"""Addresses of the lending context."""

from django.urls import path

from samspil.lending.views import pages, signing

app_name = "lending"
urlpatterns = [
    path("", pages.index, name="index"),
    path("ny/<int:organisation_id>/", pages.propose, name="propose"),
    path("kontrakt/<int:organisation_id>/", pages.contract, name="contract"),
    path("<int:loan_id>/", pages.loan, name="loan"),
    path("<int:loan_id>/aendr/", pages.change, name="change"),
    path("<int:loan_id>/ja/", pages.accept, name="accept"),
    path("<int:loan_id>/nej/", pages.decline, name="decline"),
    path("<int:loan_id>/traek-tilbage/", pages.withdraw, name="withdraw"),
    path("<int:loan_id>/underskriv/", signing.sign, name="sign"),
    path("<int:loan_id>/underskriv/hos-udbyder/", signing.begin, name="sign_elsewhere"),
    path("underskriv/retur/", signing.come_back, name="signed_elsewhere"),
    path("<int:loan_id>/registrering/", pages.register, name="register"),
    path("<int:loan_id>/afslut/", pages.end, name="end"),
    path("<int:loan_id>/aftale.pdf", pages.pdf, name="pdf"),
    path("<int:loan_id>/bilag.pdf", pages.document, name="document"),
]
