"""Amounts on the page."""

from __future__ import annotations

from django import template

from samspil.settlement.interfaces.shown import kroner, tenths

register = template.Library()


@register.filter(name="kroner")
def kroner_filter(oere: int | None) -> str:
    """``1.234,50 kr.`` from øre; a dash for none."""
    return kroner(oere)


@register.filter(name="tenths")
def tenths_filter(value: int) -> str:
    """``2,5`` from tenths."""
    return tenths(value)
