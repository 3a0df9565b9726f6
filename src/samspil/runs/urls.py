"""Addresses of the runs context."""

from django.urls import path

from samspil.runs.views import calendar, figures, harvest, keeping, pages, risks

app_name = "runs"
urlpatterns = [
    path("", pages.runs, name="runs"),
    path("kalender/", calendar.calendar, name="calendar"),
    path("tal/", figures.figures, name="figures"),
    path("tal/tal.xlsx", figures.figures_file, name="figures_file"),
    path("risiko/", risks.risks, name="risks"),
    path("skolens/", keeping.own, name="own"),
    path("tilsagn/", keeping.promised, name="promised"),
    path("nyt/", keeping.new, name="new"),
    path("<int:run_id>/", keeping.run, name="run"),
    path("<int:run_id>/ret/", keeping.edit, name="edit"),
    path("<int:run_id>/flyt/", keeping.move, name="move"),
    path("<int:run_id>/serie/", keeping.series, name="series"),
    path("<int:run_id>/annoncer/", keeping.announce, name="announce"),
    path("<int:run_id>/gennemfoer/", keeping.confirm, name="confirm"),
    path("<int:run_id>/aflys/", keeping.cancel, name="cancel"),
    path("<int:run_id>/genoptag/", keeping.reopen, name="reopen"),
    path("<int:run_id>/afholdt/", keeping.hold, name="hold"),
    path("<int:run_id>/foelg/", keeping.follow, name="follow"),
    path("<int:run_id>/annoncerer/", keeping.link, name="link"),
    path("<int:run_id>/pas/", keeping.adopt, name="adopt"),
    path("hold.<str:kind>", keeping.export, name="export"),
    path("<int:run_id>/bekraeft/", keeping.take_over, name="take_over"),
    path("aendret/", harvest.changes, name="changes"),
    path("hent/", harvest.fetch_now, name="fetch_now"),
    path("hent/fil/", harvest.fetched_file, name="fetched_file"),
    path("maal/<str:course_number>/", pages.course, name="course"),
    path("maal/<str:course_number>/laeg-sammen/", pages.ask, name="ask"),
    path("forslag/<int:pooling_id>/", pages.pooling, name="pooling"),
    path("forslag/<int:pooling_id>/stop/", pages.stop, name="stop"),
    path("forslag/<int:pooling_id>/opgave.json", pages.problem_file, name="problem_file"),
]
