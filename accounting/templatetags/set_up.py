"""Template tags of the set-up: the filters of a list, titles of forms, and what the menu says of a table."""

from typing import Any, NamedTuple

from django import template
from django.contrib.admin.views.main import ChangeList
from django.db.models import Model
from django.db.models.options import Options
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounting.services.connection_tests import TESTS, ConnectionTest
from accounting.services.set_up import Step
from accounting.sheets import SHEETS
from callanalytics.navigation import SET_UP_SECTIONS, SetUpPage

register = template.Library()
PAGES = {page.url_name: page for section in SET_UP_SECTIONS for page in section.pages}


class ListFilter(NamedTuple):
    """One filter of a list: what can be chosen, what is chosen, and the address without it."""

    title: str
    choices: list[dict[str, Any]]
    chosen: str
    without: str


@register.simple_tag
def list_filters(cl: ChangeList) -> list[ListFilter]:
    """Return the filters of a list that have something to choose."""
    return [_list_filter(cl, spec) for spec in cl.filter_specs]


def _list_filter(cl: ChangeList, spec: Any) -> ListFilter:
    choices = list(spec.choices(cl))
    chosen = [str(choice["display"]) for choice in choices[1:] if choice["selected"]]
    return ListFilter(str(spec.title), choices, ", ".join(chosen), str(choices[0]["query_string"]))


@register.simple_tag
def form_title(opts: Options[Any], original: Model | None = None) -> str:
    """Return the heading of a form: the row's name, or what is to be added."""
    if original is None:
        return _("Add %(name)s") % {"name": opts.verbose_name}
    return getattr(original, "heading", "") or str(original) or capfirst(str(opts.verbose_name))


@register.simple_tag
def set_up_page(opts: Options[Any]) -> SetUpPage | None:
    """Return what the menu says of a table, None for tables that it does not name."""
    return PAGES.get(f"admin:{opts.app_label}_{opts.model_name}_changelist")


HINTS = {
    "phonesystem": gettext_lazy(
        "Begin here: each phone system gets an inbox folder to which it sends its call records."
    ),
    "gateway": gettext_lazy(
        "Gateways appear by themselves with the first calls; then give each its office and carrier."
    ),
    "extension": gettext_lazy(
        "Extensions appear by themselves with the first calls, or come with the import of people."
    ),
    "device": gettext_lazy("Phones appear by themselves with the first calls."),
    "importfile": gettext_lazy("Files appear here as soon as a phone system delivers, or when you upload them."),
    "department": gettext_lazy("Enter departments one by one, import them, or let the directory bring them."),
    "costcentre": gettext_lazy("Enter cost centres one by one, or import them from CSV or XLSX."),
    "office": gettext_lazy(
        "An office gives calls their country, area code and time zone: enter one for each location."
    ),
    "numberrule": gettext_lazy(
        "Only needed where the public number plans are wrong for you, for instance short codes."
    ),
    "carrier": gettext_lazy("A carrier charges for the calls of its gateways by its tariffs."),
    "rate": gettext_lazy("Import a price list on a tariff's own page, or add rates one by one."),
    "publicholiday": gettext_lazy(
        "The holidays of each office's country are known already; enter further or lifted ones."
    ),
    "accessattempt": gettext_lazy("Nobody has typed a wrong password lately."),
}
"""What an empty table needs next, by model."""


@register.simple_tag
def table_hint(opts: Options[Any]) -> str:
    """Return what to do next with a table that is empty."""
    return str(HINTS.get(str(opts.model_name), ""))


@register.simple_tag
def table_name(opts: Options[Any]) -> str:
    """Return the one name of a table: what the menu calls it."""
    page = set_up_page(opts)
    return str(page.label) if page else str(capfirst(str(opts.verbose_name_plural)))


@register.filter
def tests_of(step: Step) -> list[tuple[str, ConnectionTest]]:
    """Return the tests that can be run for a step, by name."""
    return [(name, TESTS[name]) for name in step.tests]


@register.filter
def unlocalised(number: int) -> str:
    """Return a number as HTML's attributes want it, in every language."""
    return str(number)


@register.simple_tag
def sheet_kind(opts: Options[Model]) -> str:
    """Return the kind of sheet with which a table is imported and exported, '' for other tables."""
    page = f"admin:{opts.app_label}_{opts.model_name}_changelist"
    return next((sheet.kind for sheet in SHEETS.values() if sheet.page == page and not sheet.of_tariff), "")
