"""The components: markup that says what it means, and refuses what it does not know."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from django import forms
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.paginator import Paginator
from django.template import Context, Template, TemplateSyntaxError
from django.test import RequestFactory
from django.utils import translation

from samspil.ui.components import Bar, Entry, Figure, Phase, Segment, Tab
from samspil.ui.forms import DateField, NumberField, UploadField, Width


def render(source: str, **context: Any) -> str:
    return Template("{% load ui %}" + source).render(Context(context))


class SchoolForm(forms.Form):
    name = forms.CharField(label="Navn", help_text="Som på aftalen")
    year = forms.CharField(label="År", widget=Width(forms.TextInput(), 4))
    note = forms.CharField(label="Bemærkning", required=False, widget=forms.Textarea)
    kind = forms.ChoiceField(
        label="Slags", choices=[("a", "A"), ("b", "B")], widget=forms.RadioSelect
    )
    agreed = forms.BooleanField(label="Enig", required=False)
    secret = forms.CharField(widget=forms.HiddenInput, required=False)


def test_a_plain_form_wears_the_design_system() -> None:
    html = str(SchoolForm())
    assert '<label class="form-label" for="id_name">Navn</label>' in html
    assert 'id="id_name_helptext"' in html
    assert 'aria-describedby="id_name_helptext"' in html
    assert 'class="form-input w-4"' in html
    assert "(valgfrit)" in html.split("Bemærkning")[1].split("</label>")[0]
    assert "(valgfrit)" not in html.split("Enig")[1]
    assert 'class="form-group-radio"' in html
    assert 'class="form-radio"' in html
    assert '<input type="hidden" name="secret" id="id_secret">' in html
    assert " required" not in html


def test_errors_stand_at_the_field_and_in_the_summary() -> None:
    form = SchoolForm({"name": "", "year": "2027"})
    html = render("{% error_summary form %}{{ form }}", form=form)
    assert "Der er 2 fejl" in html
    assert '<a href="#id_name">Udfyld »Navn«.</a>' in html
    assert '<a href="#id_kind">' in html
    assert '<fieldset id="id_kind"' in html
    assert 'aria-invalid="true"' in html
    assert 'aria-describedby="id_name_helptext id_name_error"' in html


def test_no_summary_without_errors() -> None:
    assert render("{% error_summary form %}", form=SchoolForm()).strip() == ""
    assert render("{% error_summary form %}", form=None).strip() == ""


def test_errors_of_the_whole_form_have_no_link() -> None:
    form = SchoolForm({"name": "x", "year": "1", "kind": "a"})
    form.add_error(None, "Skolen er ikke med i runden.")
    html = render("{% error_summary form %}", form=form)
    assert "<li>Skolen er ikke med i runden.</li>" in html
    assert "Der er en fejl" in html


def test_a_field_can_be_shown_with_other_words() -> None:
    html = render('{% field form.name label="Skole" hint="" hide_label=True %}', form=SchoolForm())
    assert '<label class="form-label sr-only" for="id_name">Skole</label>' in html
    assert "form-hint" not in html


def test_text_of_users_is_escaped_everywhere() -> None:
    bad = "<b>x</b>"
    html = render(
        "{% button bad %}{% link_button bad bad %}{% tag bad %}{% phases steps bad %}{% figures figures %}"
        "{% segments bad segments %}{% tabs bad tabs %}{% timeline entries %}{% barchart bars bad %}"
        "{% facts pairs %}{% empty bad %}{% endempty %}{% details bad %}{% enddetails %}"
        '{% alert "info" bad %}{{ bad }}{% endalert %}{% tablebox bad %}{% endtablebox %}{% crumb bad bad %}'
        "{% findbox bad value=bad %}{% progress 1 2 bad %}",
        bad=bad,
        steps=[Phase(bad, bad, "now", bad)],
        figures=[Figure(bad, bad, bad)],
        segments=[Segment(bad, bad)],
        tabs=[Tab(bad, bad)],
        entries=[Entry(date(2027, 1, 12), bad, bad, bad)],
        bars=[Bar(bad, 1, note=bad)],
        pairs=[(bad, bad)],
    )
    assert bad not in html
    assert "&lt;b&gt;" in html


@pytest.mark.parametrize("kind", ["primary", "secondary", "tertiary", "danger"])
def test_buttons(kind: str) -> None:
    html = render('{% button "Gem" kind=kind name="a" value="1" %}', kind=kind)
    assert f'class="button button-{"primary button-danger" if kind == "danger" else kind}"' in html
    assert 'name="a" value="1"' in html


def test_a_button_that_is_off_says_why_and_does_nothing() -> None:
    html = render('{% button "Dan aftale" disabled_because="Der mangler en udbyder." %}')
    assert 'type="button"' in html
    assert 'aria-disabled="true" aria-describedby="why-dan-aftale"' in html
    assert 'id="why-dan-aftale">Der mangler en udbyder.' in html


@pytest.mark.parametrize(
    "source",
    ['{% button "x" kind="blue" %}', '{% tag "x" "blue" %}', '{% alert "blue" %}{% endalert %}'],
)
def test_an_unknown_kind_is_refused(source: str) -> None:
    with pytest.raises(TemplateSyntaxError):
        render(source)


def test_post_button_carries_the_token() -> None:
    html = render('{% post_button "Send" "/x/" name="kind" value="first" %}', csrf_token="abc")
    assert 'method="post" action="/x/"' in html
    assert 'name="csrfmiddlewaretoken" value="abc"' in html


def test_phases_say_in_words_what_colour_says() -> None:
    html = render(
        '{% phases steps "Trin" %}',
        steps=[Phase("Sendt", state="done"), Phase("Møde", state="now")],
    )
    assert "(færdig)" in html
    assert 'aria-current="step"' in html


def test_pagination_keeps_the_question() -> None:
    request = RequestFactory().get("/liste/", {"q": "svejs & lod", "side": "3"})
    page = Paginator(range(100), 10).get_page(3)
    html = render("{% pagination page %}", page=page, request=request)
    assert 'href="?q=svejs+%26+lod&amp;side=4" rel="next"' in html
    assert 'aria-current="page"' in html


def test_one_page_needs_no_pagination() -> None:
    assert render("{% pagination page %}", page=Paginator(range(3), 10).get_page(1)).strip() == ""


def test_bars_are_relative_to_the_longest() -> None:
    html = render('{% barchart bars "A" %}', bars=[Bar("a", 50), Bar("b", 200), Bar("c", 0)])
    assert [part.split('"')[0] for part in html.split('<rect width="')[1:]] == ["25", "100", "0"]
    assert "<rect" not in render('{% barchart bars "A" %}', bars=[])


def test_progress_never_leaves_its_track() -> None:
    assert 'class="done" width="100"' in render('{% progress 5 4 "x" %}')
    assert 'class="done" width="0"' in render('{% progress 0 0 "x" %}')


def test_dates_read_as_danes_write_them() -> None:
    day = date(2027, 9, 14)
    assert render("{{ d|da_date }}", d=day) == "14. september 2027"
    assert render("{{ d|period:e }}", d=day, e=date(2027, 9, 16)) == "14.–16. september 2027"
    assert render("{{ d|period:e }}", d=day, e=date(2027, 10, 1)) == "14. september–1. oktober 2027"
    assert (
        render("{{ d|period:e }}", d=day, e=date(2028, 1, 1)) == "14. september 2027–1. januar 2028"
    )
    assert render("{{ d|period }}", d=day) == "14. september 2027"
    assert render("{{ d|period }}{{ d|da_date }}", d=None) == ""
    assert (
        render("{{ d|da_datetime }}", d=datetime(2027, 3, 18, 13, 5, tzinfo=UTC))
        == "18. marts 2027 kl. 14.05"
    )
    with translation.override("en"):
        assert render("{{ d|period:e }}", d=day, e=date(2027, 9, 16)) == "14–16 September 2027"


@pytest.mark.parametrize(
    ("day", "words"),
    [
        (date(2026, 3, 1), "1 dag over fristen"),
        (date(2026, 2, 27), "3 dage over fristen"),
        (date(2026, 3, 2), "i dag"),
        (date(2026, 3, 3), "i morgen"),
        (date(2026, 3, 12), "om 10 dage"),
        (None, "uden frist"),
    ],
)
def test_a_deadline_says_how_far_off_it_is(day: date | None, words: str) -> None:
    assert words in render("{% due day today %}", day=day, today=date(2026, 3, 2))


@pytest.mark.parametrize("text", ["14-09-2027", "14.9.2027", "14/9 2027", "14/9-27", "2027-09-14"])
def test_dates_are_read_as_people_write_them(text: str) -> None:
    assert DateField().clean(text) == date(2027, 9, 14)


@pytest.mark.parametrize("text", ["32-1-2027", "30.2.2027", "i morgen", "9/14/2027x"])
def test_what_is_no_date_is_refused_in_danish(text: str) -> None:
    with pytest.raises(forms.ValidationError, match="dag-måned-år"):
        DateField().clean(text)


@pytest.mark.parametrize(
    ("text", "number"), [("2,5", "2.5"), ("2.5", "2.5"), (" 3 ", "3"), ("1 200", "1200")]
)
def test_numbers_take_comma_and_dot(text: str, number: str) -> None:
    assert NumberField().clean(text) == Decimal(number)


def test_an_upload_of_another_kind_is_refused() -> None:
    field = UploadField(kinds="xlsx,ods")
    assert field.clean(SimpleUploadedFile("a.XLSX", b"x")) is not None
    with pytest.raises(forms.ValidationError, match="xlsx, ods"):
        field.clean(SimpleUploadedFile("a.exe", b"x"))
    assert 'accept=".xlsx,.ods"' in field.widget.render("f", None)
