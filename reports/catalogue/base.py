"""The contract of the catalogue: a report is a definition that the one engine runs."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from callanalytics.web.permissions import Permission, everyone
from reports.engine.conditions import Comparison, read_condition
from reports.engine.fields import Asker
from reports.engine.layout import Layout
from reports.engine.question import Question


class Category(Enum):
    """A group of reports on the list, in the order of the list."""

    CALLS = "calls"
    COST = "cost"
    DESTINATIONS = "destinations"
    RANKINGS = "rankings"
    TREND = "trend"
    SERVICE = "service"
    TRUNKS = "trunks"
    CODES = "codes"
    BUDGETS = "budgets"
    SECURITY = "security"
    DATA = "data"


CATEGORY_LABELS: dict[Category, tuple[str | Promise, str]] = {
    Category.CALLS: (_("Call detail"), "list"),
    Category.COST: (_("Cost"), "coins"),
    Category.DESTINATIONS: (_("Destinations"), "map-pin"),
    Category.RANKINGS: (_("Rankings"), "trophy"),
    Category.TREND: (pgettext_lazy("reports", "Trend"), "trending-up"),
    Category.SERVICE: (pgettext_lazy("reports", "Service"), "headset"),
    Category.TRUNKS: (_("Trunks"), "router"),
    Category.CODES: (_("Codes"), "key-round"),
    Category.BUDGETS: (_("Budgets"), "wallet"),
    Category.SECURITY: (_("Security"), "shield-alert"),
    Category.DATA: (_("Data quality"), "database"),
}
"""Name and icon of each category."""


class Rule(Enum):
    """A counting rule that a report applies, said with it; docs/counting-rules.md has them in full."""

    RECORD = "record"
    INTERNAL_TWICE = "internal_twice"
    ANSWERED = "answered"
    VOICEMAIL = "voicemail"
    OWNER = "owner"
    TRUNK = "trunk"
    UNPRICED = "unpriced"
    CURRENCY = "currency"
    ZONE = "zone"
    PRIVATE = "private"


RULE_TEXTS: dict[Rule, str | Promise] = {
    Rule.RECORD: _(
        "Each own extension's part in a call is one call; a transferred call counts once for each extension."
    ),
    Rule.INTERNAL_TWICE: _("An internal call counts twice: outgoing for the caller, incoming for the called person."),
    Rule.ANSWERED: _("Talk time is that of answered calls; missed calls are incoming calls that nobody answered."),
    Rule.VOICEMAIL: _("A call that voicemail took is not answered."),
    Rule.OWNER: _("Calls belong to the person and the units that held the extension when the call was made."),
    Rule.TRUNK: _("Each trunk is paid for by exactly one call, also when the call was transferred or forwarded."),
    Rule.UNPRICED: _("Calls without a price are counted but are in no cost."),
    Rule.CURRENCY: _(
        "Amounts in different currencies are neither added nor compared: each currency is ranked by itself."
    ),
    Rule.ZONE: _("Days and hours are those of the report's time zone."),
    Rule.PRIVATE: _(
        "Private are outgoing calls to the public network that were dialled with the private prefix, or marked by "
        "their person; nobody else sees whom they reached."
    ),
}
COUNTING = (Rule.RECORD, Rule.INTERNAL_TWICE, Rule.ANSWERED)
CHARGING = (Rule.RECORD, Rule.OWNER, Rule.TRUNK, Rule.UNPRICED, Rule.CURRENCY)


@dataclass(frozen=True, slots=True)
class Report:
    """One report of the catalogue."""

    slug: str
    category: Category
    name: str | Promise
    description: str | Promise
    standard: Question
    """What is asked when nothing else is said."""
    rules: tuple[Rule, ...] = COUNTING
    run: Callable[[Question, Asker], Layout] | None = None
    """Of reports that are no plain question to the engine."""
    permission: Permission = everyone


def only(**filters: str) -> tuple[Comparison, ...]:
    """Return simple filters, an operator behind two underscores: kind="public", talk__ge="20"."""
    found = []
    for name, text in filters.items():
        field, _mark, operator = name.partition("__")
        test = read_condition(f"{field}.{operator or 'is'}({text})")
        assert isinstance(test, Comparison)
        found.append(test)
    return tuple(found)
