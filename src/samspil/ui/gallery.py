"""Every component on one page, with invented content: for looking, and for the axe tests."""

from __future__ import annotations

from datetime import UTC, date, datetime

from django import forms
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from samspil.kernel.http import PUBLIC, requires
from samspil.ui.components import Bar, Entry, Figure, Phase, Segment, Tab
from samspil.ui.forms import DateField, NumberField, UploadField, Width


class GalleryForm(forms.Form):
    """One field of each kind."""

    name = forms.CharField(label=_("Navn"), help_text=_("Som det skal stå på aftalen."))
    year = forms.CharField(label=_("År"), widget=Width(forms.TextInput(), 4))
    email = forms.EmailField(label=_("E-mail"), required=False)
    due = DateField(label=_("Svarfrist"))
    days = NumberField(label=_("Kapacitet i dage"), required=False)
    school = forms.ChoiceField(
        label=_("Skole"),
        choices=[("", _("Vælg en skole")), ("1", "SOSU Østjylland"), ("2", "Randers")],
    )
    offers = forms.ChoiceField(
        label=_("Udbyder I målet?"),
        widget=forms.RadioSelect,
        choices=[("ja", _("Ja")), ("nej", _("Nej"))],
    )
    groups = forms.MultipleChoiceField(
        label=_("Branchegrupper"),
        widget=forms.CheckboxSelectMultiple,
        required=False,
        choices=[("sosu", "SOSU"), ("byg", _("Byggeri"))],
    )
    note = forms.CharField(
        label=_("Bemærkning"), widget=forms.Textarea(attrs={"rows": 3}), required=False
    )
    sheet = UploadField(label=_("Skema"), help_text=_("Excel, LibreOffice eller CSV, højst 10 MB."))
    agreed = forms.BooleanField(label=_("Vi følger den fælles dato"), required=False)


def _steps() -> list[Phase]:
    return [
        Phase(str(_("Skemaer sendt")), "12. januar", "done"),
        Phase(str(_("Skemaer retur")), str(_("11 af 13 skoler")), "done"),
        Phase(str(_("Møde")), str(_("18. marts · 3 huller")), "now"),
        Phase(str(_("Underskrift")), str(_("senest 30. juni"))),
        Phase(str(_("Annonceret")), str(_("hele 2027"))),
    ]


@requires(PUBLIC)
def index(request: HttpRequest) -> HttpResponse:
    """The gallery; posting its form shows the errors."""
    form = GalleryForm(request.POST or None, request.FILES or None)
    if request.method == "POST":
        form.is_valid()
    return render(
        request,
        "ui/gallery/index.html",
        {
            "form": form,
            "steps": _steps(),
            "figures": [
                Figure(34, str(_("kernemål i FKB'en"))),
                Figure(31, str(_("har en udbyder")), of=34, tone="good"),
                Figure(3, str(_("mangler udbyder")), tone="bad", url="?vis=huller"),
            ],
            "segments": [
                Segment(str(_("Alle")), "?", 34, current=True),
                Segment(str(_("Huller")), "?vis=huller", 3),
                Segment(str(_("Lav aktivitet")), "?vis=lav", 9),
            ],
            "tabs": [
                Tab(str(_("Tavle")), "?", current=True),
                Tab(str(_("Skemaer")), "?fane=skemaer", 13),
                Tab(str(_("Aftaler")), "?fane=aftaler", 0),
            ],
            "page": Paginator(range(200), 10).get_page(request.GET.get("side")),
            "entries": [
                Entry(
                    datetime(2027, 3, 18, 13, 5, tzinfo=UTC),
                    "Lone Vestergaard",
                    str(_("underskrev for Randers SOSU")),
                    tone="good",
                ),
                Entry(
                    date(2027, 1, 12),
                    "ESØ",
                    str(_("sendte skemaer til 13 skoler")),
                    detail=str(_("Svarfrist 12. februar.")),
                ),
            ],
            "bars": [
                Bar("SOSU Østjylland", 212),
                Bar("Randers SOSU", 148, "good"),
                Bar("Herning SOSU", 18, "bad", str(_("under grænsen"))),
            ],
            "facts": [(_("Svarfrist"), "12. februar 2027"), (_("Skoler"), "13")],
            "start": date(2027, 9, 14),
            "end": date(2027, 9, 16),
            "icons": "search download upload edit delete calendar-month person lock".split(),
        },
    )


@requires(PUBLIC)
def board(request: HttpRequest) -> HttpResponse:
    """The board of the design, as a still picture in HTML."""
    return render(request, "ui/gallery/board.html", {"steps": _steps()})


@requires(PUBLIC)
def confirm(request: HttpRequest) -> HttpResponse:
    """The page that stands in for a dialog."""
    return render(request, "ui/gallery/confirm.html", {"cancel_url": "../"})
