"""Addresses of the coordination context."""

from django.urls import path

from samspil.coordination.views import board, forms, matrix, proposals, returns, rounds

app_name = "coordination"
urlpatterns = [
    path("", rounds.round_list, name="rounds"),
    path("ny/<int:network_id>/", rounds.open_round, name="open_round"),
    path("<int:round_id>/", rounds.round_page, name="round"),
    path("<int:round_id>/datoer/", rounds.change_round, name="change_round"),
    path("<int:round_id>/send-skemaer/", rounds.send_forms, name="send_forms"),
    path("<int:round_id>/trin/", rounds.move_round, name="move_round"),
    path("<int:round_id>/mind/", rounds.remind, name="remind"),
    path("<int:round_id>/skema/<int:organisation_id>/", forms.form_page, name="form"),
    path("<int:round_id>/skema/<int:organisation_id>/gem/", forms.save_lines, name="save_lines"),
    path(
        "<int:round_id>/skema/<int:organisation_id>/indsend/",
        forms.submit_form,
        name="submit_form",
    ),
    path(
        "<int:round_id>/skema/<int:organisation_id>/regneark/",
        forms.form_workbook,
        name="form_workbook",
    ),
    path(
        "<int:round_id>/skema/<int:organisation_id>/aabn/",
        rounds.reopen_form,
        name="reopen_form",
    ),
    path("<int:round_id>/foreslaa/", proposals.ask, name="ask_proposal"),
    path("forslag/<int:proposal_id>/", proposals.show, name="proposal"),
    path("forslag/<int:proposal_id>/opgave.json", proposals.problem, name="proposal_problem"),
    path("forslag/<int:proposal_id>/brug/", proposals.use, name="use_proposal"),
    path("forslag/<int:proposal_id>/nej/", proposals.reject, name="reject_proposal"),
    path("forslag/<int:proposal_id>/forkast/", proposals.discard, name="discard_proposal"),
    path(
        "<int:round_id>/skema/<int:organisation_id>/indlaes/",
        returns.upload,
        name="return_upload",
    ),
    path("indleveret/<int:return_id>/", returns.preview, name="return"),
    path("indleveret/<int:return_id>/fortryd/", returns.undo, name="undo_return"),
    path("indleveret/<int:return_id>/kasser/", returns.discard, name="discard_return"),
    path("indleveret/<int:return_id>/fil/", returns.returned_file, name="return_file"),
    path("<int:round_id>/fkb/<str:number>/", board.fkb_board, name="board"),
    path("<int:round_id>/tavle/", board.across, name="across"),
    path("<int:round_id>/felt/<int:row_id>/<int:organisation_id>/", board.cell, name="cell"),
    path("<int:round_id>/fortryd/<int:change_set_id>/", board.undo, name="undo"),
    path("<int:round_id>/maal/<int:row_id>/", board.course, name="course"),
    path("<int:round_id>/maal/<int:row_id>/kommentar/", board.comment, name="comment"),
    path("<int:round_id>/maal/<int:row_id>/aftale/", board.external, name="external"),
    path(
        "<int:round_id>/maal/<int:row_id>/aftale/fjern/",
        board.remove_external,
        name="remove_external",
    ),
    path(
        "<int:round_id>/maal/<int:row_id>/aftale/dokument/",
        board.external_document,
        name="external_document",
    ),
    path("<int:round_id>/maal/<int:row_id>/udtag/", board.archive, name="archive_course"),
    path("<int:round_id>/maal/<int:row_id>/tilbage/", board.bring_back, name="bring_back"),
    path("<int:round_id>/indlaes-oversigt/", matrix.upload, name="matrix_upload"),
    path("indlaest-oversigt/<int:matrix_id>/", matrix.preview, name="matrix"),
    path("indlaest-oversigt/<int:matrix_id>/fortryd/", matrix.undo, name="undo_matrix"),
    path("indlaest-oversigt/<int:matrix_id>/kasser/", matrix.discard, name="discard_matrix"),
]
