"""Addresses of plans that put runs together, of transfers, and of the pooled waiting list."""

from django.urls import URLPattern, path

from samspil.enrolment.views import bundles, elsewhere, moves

PATTERNS: list[URLPattern] = [
    path("flytning/", moves.plans, name="plans"),
    path("flytning/ny/", bundles.propose_many, name="propose_many"),
    path("flytning/samlet/<int:bundle_id>/", bundles.bundle, name="bundle"),
    path("flytning/samlet/<int:bundle_id>/stop/", bundles.bundle_stop, name="bundle_stop"),
    path("flytning/samlet/<int:bundle_id>/igen/", bundles.bundle_again, name="bundle_again"),
    path("flytning/samlet/<int:bundle_id>/godkend/", bundles.bundle_approve, name="bundle_approve"),
    path("flytning/samlet/<int:bundle_id>/opgiv/", bundles.bundle_drop, name="bundle_drop"),
    path("flytning/maal/<str:course_number>/", moves.propose, name="propose"),
    path("flytning/<int:plan_id>/", moves.plan, name="plan"),
    path("flytning/<int:plan_id>/godkend/", moves.approve, name="plan_approve"),
    path("flytning/<int:plan_id>/afvis/", moves.reject, name="plan_reject"),
    path("flytning/<int:plan_id>/opgiv/", moves.drop, name="plan_drop"),
    path("flytning/<int:plan_id>/egne/", elsewhere.plan_elsewhere, name="plan_elsewhere"),
    path(
        "flytning/<int:plan_id>/egne/<int:source_id>-<int:target_id>/",
        elsewhere.stream,
        name="plan_stream",
    ),
    path(
        "flytning/<int:plan_id>/egne/<int:source_id>-<int:target_id>/links.csv",
        elsewhere.links_file,
        name="plan_links",
    ),
    path(
        "flytning/<int:plan_id>/egne/<int:source_id>-<int:target_id>/mails/",
        elsewhere.send,
        name="plan_send",
    ),
    path(
        "flytning/<int:plan_id>/egne/<int:source_id>-<int:target_id>/svar/",
        elsewhere.answers,
        name="plan_answers",
    ),
    path("vaek/<int:run_id>/", elsewhere.lost_run, name="lost_run"),
    path("overfoersler/", moves.transfers, name="transfers"),
    path("overfoersler/klaret/", moves.transfer_steps, name="transfer_steps"),
    path("overfoersler/<int:transfer_id>/", moves.transfer, name="transfer"),
    path("overfoersler/<int:transfer_id>/trin/", moves.transfer_step, name="transfer_step"),
    path(
        "overfoersler/<int:transfer_id>/fil/<int:note_id>/",
        moves.transfer_file,
        name="transfer_file",
    ),
    path("venteliste/", moves.waiting, name="waiting"),
    path("venteliste/maal/<str:course_number>/", moves.waiting_course, name="waiting_course"),
    path("min/<str:token>/flytning/<int:offer_id>/", moves.answer, name="mine_move"),
]
