"""Narrows the accounts of budgets to a state and a name, for the page of the supervised and for programs."""

from django.db.models import Q

from budget.querysets import AccountQuerySet
from budget.services.seeing import open_periods, used_to

SHOWN = ("all", "near", "over", "locked")


def narrowed(accounts: AccountQuerySet, show: str, typed: str) -> AccountQuerySet:
    """Keep the accounts in one of the states of SHOWN and with a name."""
    if show == "locked":
        accounts = accounts.filter(pk__in=open_periods().filter(lock_requested=True).values("account"))
    elif show != "all":
        share = 80 if show == "near" else 100
        accounts = accounts.filter(pk__in=used_to(share).values("account"))
    for word in typed.split()[:5]:
        person = Q(person__first_name__icontains=word) | Q(person__last_name__icontains=word)
        unit = Q(budget__department__name__icontains=word) | Q(budget__cost_centre__name__icontains=word)
        accounts = accounts.filter(
            person | unit | Q(person__username__icontains=word) | Q(budget__name__icontains=word)
        )
    return accounts


def accounts_of(accounts: AccountQuerySet) -> AccountQuerySet:
    """Return accounts with everything that their rows show, in the order of their names."""
    related = ("budget__department", "budget__cost_centre", "budget__person", "person")
    return accounts.select_related(*related).order_by("person__last_name", "person__first_name", "budget__name", "pk")
