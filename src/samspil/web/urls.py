"""Addresses of web."""

from django.urls import path

from samspil.web.views import account, front, offers, public

app_name = "web"
ENGLISH = {"language": "en"}
urlpatterns = [
    path("", front.front, name="front"),
    path("skift/", front.switch, name="switch"),
    path("min-konto/", account.account, name="account"),
    path("sprog/", account.language, name="language"),
    path("tilgaengelighed/", front.accessibility, name="accessibility"),
    # The public site. Its language stands in the address, so that it needs no cookie.
    path("kurser/", public.courses, name="public_courses"),
    path("kurser/<str:course_number>/", public.course, name="public_course"),
    path("kurser/<str:course_number>/kalender.ics", public.calendar, name="public_calendar"),
    path(
        "kurser/<str:course_number>/hold/<int:run_id>.ics",
        public.calendar,
        name="public_run_calendar",
    ),
    path("kurser/om/tilgaengelighed/", public.accessibility, name="public_accessibility"),
    path(
        "en/courses/about/accessibility/",
        public.accessibility,
        ENGLISH,
        name="en_public_accessibility",
    ),
    path("en/courses/", public.courses, ENGLISH, name="en_public_courses"),
    path("en/courses/<str:course_number>/", public.course, ENGLISH, name="en_public_course"),
    path(
        "en/courses/<str:course_number>/calendar.ics",
        public.calendar,
        ENGLISH,
        name="en_public_calendar",
    ),
    path(
        "en/courses/<str:course_number>/runs/<int:run_id>.ics",
        public.calendar,
        ENGLISH,
        name="en_public_run_calendar",
    ),
    # What the law wants shown of a school's offer (R42).
    path("udbud/", offers.schools, name="offers"),
    path("udbud/<slug:school_key>/", offers.offer, name="offer"),
    path("en/offers/", offers.schools, ENGLISH, name="en_offers"),
    path("en/offers/<slug:school_key>/", offers.offer, ENGLISH, name="en_offer"),
    # A school's list on its own site.
    path("indlejr/", public.embed_guide, name="embed_guide"),
    path("en/embed/", public.embed_guide, ENGLISH, name="en_embed_guide"),
    path("indlejr/farver.css", public.embed_colours, name="embed_colours"),
    path("indlejr/<slug:school_key>/udbud/", offers.embed, name="offer_embed"),
    path("indlejr/<slug:school_key>.js", public.embed_script, name="embed_script"),
    path("indlejr/<slug:school_key>/", public.embed, name="embed"),
]
