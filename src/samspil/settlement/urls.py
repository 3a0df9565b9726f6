"""Addresses of the settlement context."""

from django.urls import path

from samspil.settlement.views import pages, rates

app_name = "settlement"
urlpatterns = [
    path("", pages.index, name="index"),
    path("opgoerelse/<int:statement_id>/", pages.statement, name="statement"),
    path("opgoerelse/<int:statement_id>/lav/", pages.draw_up, name="draw_up"),
    path("opgoerelse/<int:statement_id>/godkend/", pages.approve, name="approve"),
    path("opgoerelse/<int:statement_id>/afregning.pdf", pages.pdf, name="pdf"),
    path("opgoerelse/<int:statement_id>/afregning.xlsx", pages.xlsx, name="xlsx"),
    path("opgoerelse/<int:statement_id>/afregning.csv", pages.csv_file, name="csv"),
    path(
        "opgoerelse/<int:statement_id>/bilag/<int:entry_id>/indsigelse/",
        pages.raise_dispute,
        name="raise_dispute",
    ),
    path("indsigelse/<int:dispute_id>/", pages.dispute, name="dispute"),
    path("indsigelse/<int:dispute_id>/afslut/", pages.settle, name="settle"),
    path("overfoersel/<int:fact_id>/", pages.transfer, name="transfer"),
    path("overfoersel/<int:fact_id>/modtaget/", pages.received, name="received"),
    path("overfoersel/<int:fact_id>/deltagelse/", pages.participation, name="participation"),
    path("takster/", rates.rates, name="rates"),
    path("takster/ny/", rates.add, name="add_rate"),
    path("takster/maal/", rates.course, name="course_rate"),
]
