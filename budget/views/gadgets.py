"""The Budget Control gadget: what is used and left of the own budgets, and the calls that count (GAD-3)."""

import hashlib

from django.http import HttpResponse
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from accounting.services.masking import mask_for
from accounting.services.naming import named_calls
from accounting.views.gadgets import gadget, news, shown
from budget.models import Account
from budget.services.counted import latest_counted
from budget.services.narrowing import accounts_of
from budget.services.seeing import Seen, latest, with_locks
from callanalytics.web.requests import AuthenticatedRequest

MOST, CALLS = 10, 10


@require_safe
@gadget
def budget(request: AuthenticatedRequest) -> HttpResponse:
    """Show the gadget."""
    cards, fragment = rendered(request)
    return shown(request, "gadgets/budget.html", "gadget_budget_live", fragment, tag_of(request, fragment), cards=cards)


@require_safe
@gadget
def budget_live(request: AuthenticatedRequest) -> HttpResponse:
    """Return the part that updates itself; 304 when it would be the same."""
    _cards, fragment = rendered(request)
    return news(request, tag_of(request, fragment), lambda: fragment)


def rendered(request: AuthenticatedRequest) -> tuple[list[Seen], str]:
    """Return the budgets that are open, and the live part."""
    accounts = list(accounts_of(Account.objects.own(request.user))[:MOST])
    cards = [card for card in with_locks(latest(accounts), request.user) if not card.period.closed]
    masker = mask_for(request.user)
    shown_cards = [
        (card, named_calls(latest_counted(request.user, card.account.budget, card.period, CALLS), masker))
        for card in cards
    ]
    return cards, render_to_string("gadgets/budget_live.html", {"cards": shown_cards})


def tag_of(request: AuthenticatedRequest, fragment: str) -> str:
    """Return a text that differs with everything that the live part shows."""
    seen = (request.user.pk, get_language(), timezone.get_current_timezone_name(), fragment)
    return hashlib.blake2b(repr(seen).encode(), digest_size=12).hexdigest()
