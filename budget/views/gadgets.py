"""The Budget Control gadget: what is used and left of the own budgets, and the calls that count (GAD-3)."""

from collections.abc import Sequence
from typing import Any

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.views.decorators.http import require_safe

from accounting.models import CallRecord, User
from accounting.services.arrivals import arrival_mark
from accounting.services.masking import mask_for
from accounting.services.naming import named_calls
from accounting.views.gadgets import gadget, shown
from accounting.views.live import Found, first_part, news, view_mark
from budget.models import Account
from budget.services.charges import Zones
from budget.services.counted import latest_counted
from budget.services.narrowing import accounts_of
from budget.services.seeing import Seen, latest, with_locks
from callanalytics.lib.fingerprints import fingerprint
from callanalytics.web.requests import AuthenticatedRequest

LAYOUT = 3
"""Raise it when the template of the live part changes, so that open gadgets fetch the new form."""
MOST, CALLS = 10, 10


@require_safe
@gadget
def budget(request: AuthenticatedRequest) -> HttpResponse:
    """Show the gadget."""
    cards = open_cards(request.user)
    fragment, tag = first_part(seen_as(request, cards), arrival_mark(), lambda: found(request.user, cards))
    return shown(request, "gadgets/budget.html", "gadget_budget_live", fragment, tag)


@require_safe
@gadget
def budget_live(request: AuthenticatedRequest) -> HttpResponse:
    """Return the part that updates itself; 304 before any call is read when budgets and arrivals are the same."""
    cards = open_cards(request.user)
    return news(request, seen_as(request, cards), lambda: found(request.user, cards))


def open_cards(person: User) -> list[Seen]:
    """Return the person's budgets that are open."""
    accounts = list(accounts_of(Account.objects.own(person))[:MOST])
    return [card for card in with_locks(latest(accounts), person) if not card.period.closed]


def seen_as(request: AuthenticatedRequest, cards: Sequence[Seen]) -> str:
    """Return a text that differs with everything that the live part shows but the calls."""
    return view_mark(request, LAYOUT, [mark_of(card) for card in cards])


def mark_of(card: Seen) -> tuple[Any, ...]:
    """Return what is shown of a budget, and what decides which calls count."""
    budget, period = card.account.budget, card.period
    rules = (budget.name, budget.unit, budget.currency, budget.call_types, budget.count_private, budget.active)
    sums = (period.start, period.end, period.available, period.spent, period.lock_requested)
    return card.account.pk, str(card.account.holder), rules, sums, card.lock


def found(person: User, cards: Sequence[Seen]) -> Found:
    """Return what the live part shows."""
    zones = Zones.read()
    counted = [latest_counted(person, card.account.budget, card.period, CALLS, zones) for card in cards]
    mark = fingerprint([[(call.pk, call.batch_id) for call in calls] for calls in counted])
    return Found(mark, lambda: rendered(person, cards, counted))


def rendered(person: User, cards: Sequence[Seen], counted: Sequence[Sequence[CallRecord]]) -> str:
    """Return the live part."""
    masker = mask_for(person)
    rows = [(card, named_calls(calls, masker)) for card, calls in zip(cards, counted, strict=True)]
    return render_to_string("gadgets/budget_live.html", {"cards": rows})
