"""Widgets of Budget Control: the own budgets as gauges, and those of others that come to their end."""

from django.urls import reverse

from budget.models import Account
from budget.services.seeing import latest, used_to
from reports.widgets.base import Content, Sight

NEAR, MOST = 80, 8
"""Percent from which a budget is near its limit."""


def own_budgets(sight: Sight) -> Content:
    """Return the person's budgets with what is left of them."""
    accounts = Account.objects.own(sight.reader).select_related("budget", "person")
    return Content("widgets/budgets.html", {"cards": latest(list(accounts)), "own": True}, reverse("my_budgets"))


def near_limit(sight: Sight) -> Content:
    """Return the budgets in the reader's care of which most is used, the nearest to their end first."""
    accounts = Account.objects.visible_to(sight.reader).select_related("budget", "person")
    near = used_to(NEAR).filter(account__in=accounts.values("pk")).order_by("-spent").values_list("account", flat=True)
    cards = latest(list(accounts.filter(pk__in=list(near[: MOST * 10]))))
    cards.sort(key=lambda card: -card.period.percent)
    return Content(
        "widgets/budgets.html", {"cards": cards[:MOST], "own": False}, f"{reverse('team_budgets')}?show=near"
    )
