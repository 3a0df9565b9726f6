"""Addresses of the enrolment context. ``min/<token>/`` are the personal pages."""

from django.urls import path

from samspil.enrolment.urls_moves import PATTERNS
from samspil.enrolment.views import after, inside, mine, one_person, public

app_name = "enrolment"
ENGLISH = {"language": "en"}
urlpatterns = [
    # The school's own pages.
    path("", inside.index, name="index"),
    path("hold/<int:run_id>/", inside.run, name="run"),
    path("hold/<int:run_id>/tilmeld/", inside.enter, name="enter"),
    path("hold/<int:run_id>/excel/", inside.run_xlsx, name="run_xlsx"),
    path("hold/<int:run_id>/beviser/", inside.certificates, name="certificates"),
    path("hold/<int:run_id>/spoerg/", inside.run_needs, name="run_needs"),
    path("hold/<int:run_id>/fremmoede/", after.attendance, name="attendance"),
    path("hold/<int:run_id>/evaluering/", after.evaluation, name="evaluation"),
    path("nr/<int:sign_up_id>/", inside.sign_up_page, name="sign_up_page"),
    path("nr/<int:sign_up_id>/navne/", inside.sign_up_names, name="sign_up_names"),
    path("nr/<int:sign_up_id>/frameld/", inside.sign_up_withdraw, name="sign_up_withdraw"),
    path("person/<int:enrolment_id>/", inside.person, name="person"),
    path("person/<int:enrolment_id>/data/", one_person.person_data, name="person_data"),
    path("person/<int:enrolment_id>/gebyr/", after.excuse, name="excuse"),
    path("skole/<int:organisation_id>/data/", after.personal_data, name="personal_data"),
    path("skole/<int:organisation_id>/", inside.school, name="school"),
    path("skole/<int:organisation_id>/adgang/", inside.access, name="access"),
    # Signing up, for everybody. The language stands in the address.
    path("<int:run_id>/", public.sign_up, name="sign_up"),
    path("<int:run_id>/sendt/", public.sign_up_sent, name="sign_up_sent"),
    path("en/<int:run_id>/", public.sign_up, ENGLISH, name="en_sign_up"),
    path("en/<int:run_id>/sent/", public.sign_up_sent, ENGLISH, name="en_sign_up_sent"),
    # The personal pages.
    path("min/<str:token>/", mine.mine, name="mine"),
    path("min/<str:token>/bekraeft/", mine.confirm, name="mine_confirm"),
    path("min/<str:token>/sprog/", mine.language, name="mine_language"),
    path("min/<str:token>/navne/", mine.names, name="mine_names"),
    path("min/<str:token>/flere/", mine.more, name="mine_more"),
    path("min/<str:token>/samlet/", mine.how_many, name="mine_how_many"),
    path("min/<str:token>/ellers/", mine.flexibility, name="mine_flexibility"),
    path("min/<str:token>/kontakt/", mine.contact, name="mine_contact"),
    path("min/<str:token>/frameld/", mine.withdraw, name="mine_withdraw"),
    path("min/<str:token>/tilbud/<int:offer_id>/", mine.answer, name="mine_answer"),
    path("min/<str:token>/person/<int:enrolment_id>/", mine.details, name="mine_details"),
    path("min/<str:token>/evaluering/<int:enrolment_id>/", mine.evaluate, name="mine_evaluate"),
    # Plans that put runs together, transfers, the pooled waiting list.
    *PATTERNS,
]
