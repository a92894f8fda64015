"""Budgets as people see them: the own ones, those of supervised people, one with its chart, and its history."""

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from budget.forms.budgets import TopUpForm
from budget.models import Account, BudgetPeriod
from budget.services import changing
from budget.services.forecast import outlook
from budget.services.holders import Calendar
from budget.services.letters import tell
from budget.services.narrowing import SHOWN, accounts_of, narrowed
from budget.services.picture import picture
from budget.services.quantities import stored
from budget.services.seeing import Seen, calls_behind, latest, with_locks
from budget.services.words import event_in_words, rule_in_words
from callanalytics.web.permissions import administrators, require
from callanalytics.web.requests import AuthenticatedRequest, page_of

PAGE = 50
MOST_PERIODS = 14


@require_safe
@login_required
def my_budgets(request: AuthenticatedRequest) -> HttpResponse:
    """Show the budgets of the person who asks (BUD-2)."""
    accounts = accounts_of(Account.objects.own(request.user))
    calendar = Calendar.of([request.user.pk])
    cards = [
        Seen(one.account, one.period, outlook(one.account, one.period, calendar).runs_out)
        for one in latest(list(accounts[:PAGE]))
    ]
    return render(request, "budget/mine.html", {"cards": with_locks(cards, request.user)})


@require_safe
@login_required
def team_budgets(request: AuthenticatedRequest) -> HttpResponse:
    """List the accounts of the people and units that the reader looks after."""
    reader = request.user
    if not reader.is_overseer:
        raise Http404
    typed, show = request.GET.get("search", "").strip()[:80].replace("\0", ""), request.GET.get("show", "all")
    found = Account.objects.visible_to(reader) if reader.is_administrator else Account.objects.supervised(reader)
    if show not in SHOWN:
        raise Http404
    accounts = accounts_of(narrowed(found, show, typed))
    rows, paging = page_of(request, accounts, PAGE)
    context = {
        "rows": with_locks(latest(rows), reader), "typed": typed, "show": show, **paging,
        "tabs": [("all", _("All")), ("near", _("Near the limit")), ("over", _("Overspent")), ("locked", _("Locked"))],
        "any": bool(rows) or paging["page"] > 1 or found.exists(),
    }  # fmt: skip
    return render(request, "budget/team.html", context)


def find(request: AuthenticatedRequest, pk: int) -> Account:
    """Return an account in the reader's scope; 404 otherwise."""
    account = accounts_of(Account.objects.visible_to(request.user)).filter(pk=pk).first()
    if account is None:
        raise Http404
    return account


@require_safe
@login_required
def account_page(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Show one account: assigned, left, forecast, chart and calls; of an earlier period where the address names it."""
    return show_account(request, find(request, pk), TopUpForm())


def show_account(request: AuthenticatedRequest, account: Account, form: TopUpForm) -> HttpResponse:
    """Show an account with the form that tops it up."""
    periods = list(account.periods.order_by("-start")[:MOST_PERIODS])
    wanted = request.GET.get("from", "")
    chosen = [one for one in periods if not wanted or one.start.isoformat() == wanted]
    period = chosen[0] if chosen else None
    if period is None and (wanted or periods):
        raise Http404
    context: dict[str, Any] = {
        "account": account, "tab": "budget", "rule": rule_in_words(account.budget), "form": form,
        "mine": account.person_id == request.user.pk,
    }  # fmt: skip
    if period is not None:
        outcome = outlook(account, period)
        context |= {
            "seen": with_locks([Seen(account, period, outcome.runs_out)], request.user)[0], "outcome": outcome,
            "picture": picture(account.budget, period, outcome), "calls": calls_behind(account, period, request.user),
            "earlier": [Seen(account, one) for one in periods if one != period],
        }  # fmt: skip
    return render(request, "budget/account.html", context)


@require_safe
@login_required
def account_history(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """List everything that budget control did with an account (BUD-3)."""
    account = find(request, pk)
    events, paging = page_of(request, account.events.select_related("period").order_by("-pk"), PAGE)
    context = {
        "account": account, "tab": "history", **paging,
        "rule": rule_in_words(account.budget), "mine": account.person_id == request.user.pk,
        "events": [(one, event_in_words(account.budget, one)) for one in events],
    }  # fmt: skip
    return render(request, "budget/history.html", context)


@require_POST
@require(administrators)
def top_up(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Add to the present period once, with the reason."""
    account, form = find(request, pk), TopUpForm(request.POST)
    period = account.periods.filter(closed=False).order_by("-start").first()
    if period is None:
        messages.error(request, _("This account has no open period."))
        return redirect("budget_account", pk=pk)
    if not form.is_valid():
        return show_account(request, account, form)
    amount = stored(account.budget.unit, form.cleaned_data["amount"])
    try:
        changing.top_up(period.pk, amount, form.cleaned_data["reason"], request.user)
    except changing.NotToppedUpError:
        form.add_error("amount", _("No more can be taken back than was topped up in this period."))
        return show_account(request, account, form)
    except BudgetPeriod.DoesNotExist:
        messages.error(request, _("This period has just ended. Nothing was topped up."))
        return redirect("budget_account", pk=pk)
    tell()
    messages.success(request, _("The budget is topped up.") if amount > 0 else _("The top-up is taken back."))
    return redirect("budget_account", pk=pk)
