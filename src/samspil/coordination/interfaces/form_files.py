"""A stored form as a file to send or to fetch."""

from __future__ import annotations

from samspil.coordination.domain.forms import form_snapshot
from samspil.coordination.interfaces.form_workbook import write_form
from samspil.coordination.models import Form


def workbook_of(form: Form) -> tuple[str, bytes]:
    """File name (plain ASCII) and bytes of the form's workbook as the form stands now."""
    name = f"koordineringsskema-{form.round.year}-{form.organisation.key}.xlsx"
    return name, write_form(form_snapshot(form))
