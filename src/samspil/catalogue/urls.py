"""Addresses of the catalogue context."""

from django.urls import path

from samspil.catalogue.views import imports, pages, statements

app_name = "catalogue"
urlpatterns = [
    path("", pages.fkbs, name="fkbs"),
    path("fkb/ny/", pages.fkb_new, name="fkb_new"),
    path("fkb/<str:fkb_number>/", pages.fkb, name="fkb"),
    path("fkb/<str:fkb_number>/ret/", pages.fkb_edit, name="fkb_edit"),
    path("fkb/<str:fkb_number>/godkendelse/", pages.approval_new, name="approval_new"),
    path("godkendelse/<int:approval_id>/ophoer/", pages.approval_end, name="approval_end"),
    path("maal/", pages.courses, name="courses"),
    path("maal/nyt/", pages.course_new, name="course_new"),
    path("maal/<str:course_number>/", pages.course, name="course"),
    path("maal/<str:course_number>/ret/", pages.course_edit, name="course_edit"),
    path("maal/<str:course_number>/arkiver/", pages.course_archive, name="course_archive"),
    path("maal/<str:course_number>/i-brug/", pages.course_restore, name="course_restore"),
    path("maal/<str:course_number>/fkb/", pages.relation, name="relation"),
    path("skole/<int:organisation_id>/", pages.school, name="school"),
    path("skole/<int:organisation_id>/udbud/", statements.statement, name="statement"),
    path("import/", imports.import_list, name="imports"),
    path("import/ny/<str:spec>/", imports.import_new, name="import_new"),
    path("import/<int:batch_id>/", imports.import_batch, name="import"),
    path("import/<int:batch_id>/kolonner/", imports.import_columns, name="import_columns"),
    path("import/<int:batch_id>/laes-ind/", imports.import_apply, name="import_apply"),
    path("import/<int:batch_id>/opfrisk/", imports.import_refresh, name="import_refresh"),
    path("import/<int:batch_id>/kasser/", imports.import_discard, name="import_discard"),
    path("import/<int:batch_id>/fortryd/", imports.import_undo, name="import_undo"),
    path("import/<int:batch_id>/fil/", imports.import_file, name="import_file"),
]
