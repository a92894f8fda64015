"""What administrators set: the list of budgets, new ones with a preview, changes, pause, deletion and its undoing."""

from contextlib import suppress
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.db import transaction
from django.db.models import Count, F, Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from budget.forms.budgets import EditForm, ManyForm, NewBudgetForm, RulesForm
from budget.models import Budget, BudgetPeriod
from budget.querysets import BudgetQuerySet
from budget.services import changing
from budget.services.following import follow_shortly
from budget.services.letters import tell
from budget.services.quantities import in_words, stored
from budget.services.trying import try_out
from budget.services.words import days_in_words, rule_in_words
from budget.views.accounts import PAGE
from callanalytics.web.permissions import administrators, require
from callanalytics.web.requests import AuthenticatedRequest, chosen_ids, page_of

UNDO = timedelta(days=30)
SHOWN_DELETED = 200
MOST = 500
"""Budgets that are changed at once."""


@require_safe
@require(administrators)
def budgets(request: AuthenticatedRequest) -> HttpResponse:
    """List all budgets with the state of their accounts."""
    typed = request.GET.get("search", "").strip()[:80].replace("\0", "")
    deleted = request.GET.get("deleted", "")[:18]
    rows, paging = page_of(request, searched(typed), PAGE)
    gone = Budget.objects.filter(deleted_at__gt=timezone.now() - UNDO).order_by("-deleted_at")
    context = {
        "rows": with_states(rows), "typed": typed, **paging,
        "many": ManyForm(auto_id="many_%s"), "most": MOST,
        "any": bool(rows) or Budget.objects.in_force().exists(),
        "deleted": list(gone[:SHOWN_DELETED]), "undo_days": UNDO.days,
        "just_deleted": gone.filter(pk=deleted).first() if deleted.isdecimal() else None,
    }  # fmt: skip
    return render(request, "budget/rules.html", context)


def searched(typed: str) -> BudgetQuerySet:
    """Return the budgets in force by name, those that the typed words find."""
    found = Budget.objects.in_force().select_related("person", "department", "cost_centre").order_by("name", "pk")
    for word in typed.split()[:5]:
        unit = Q(department__name__icontains=word) | Q(cost_centre__name__icontains=word)
        person = Q(person__first_name__icontains=word) | Q(person__last_name__icontains=word)
        found = found.filter(Q(name__icontains=word) | unit | person)
    return found


@require_POST
@require(administrators)
def change_many(request: AuthenticatedRequest) -> HttpResponse:
    """Set the amount of the chosen budgets, pause or resume them."""
    typed, form = request.POST.get("search", "")[:80].replace("\0", ""), ManyForm(request.POST)
    back = f"{reverse('budgets')}?{urlencode({'search': typed})}" if typed else reverse("budgets")
    chosen = chosen_ids(request, "budget")
    found = searched(typed)[:MOST] if "all" in request.POST else searched("").filter(pk__in=chosen[:MOST])
    if not form.is_valid() or not (budgets := list(found)):
        errors = [str(text) for texts in form.errors.values() for text in texts]
        messages.error(request, " ".join(errors) or _("Choose at least one budget."))
        return redirect(back)
    for one in budgets:
        do_with(one, form, str(request.user))
    tell()
    text = ngettext("%(number)s budget is changed.", "%(number)s budgets are changed.", len(budgets))
    messages.success(request, text % {"number": len(budgets)})
    return redirect(back)


def do_with(budget: Budget, form: ManyForm, by: str) -> None:
    """Do with one of several budgets what was chosen; one that was deleted meanwhile is passed over."""
    with suppress(Budget.DoesNotExist):
        if form.cleaned_data["act"] == "amount":
            changing.set_amount(budget, stored(budget.unit, form.cleaned_data["amount"]), by)
        else:
            {"pause": changing.pause, "resume": changing.resume}[form.cleaned_data["act"]](budget, by)


def with_states(found: list[Budget]) -> list[dict[str, Any]]:
    """Return budgets with their words and how many accounts are near or over their limit; one query."""
    available = F("assigned") + F("carried_in") + F("topped_up")
    used = BudgetPeriod.objects.filter(account__budget__in=found, closed=False).values("account__budget")
    counts = {
        row["account__budget"]: row
        for row in used.annotate(
            open=Count("pk"),
            near=Count("pk", filter=Q(spent__gt=0) & Q(spent__gte=available * 8 / 10) & Q(spent__lt=available)),
            over=Count("pk", filter=Q(spent__gt=0) & Q(spent__gte=available)),
        ).order_by()
    }
    return [
        {
            "budget": one, "rule": rule_in_words(one), "amount": in_words(one, one.amount),
            **counts.get(one.pk, {"open": 0, "near": 0, "over": 0}),
        }
        for one in found
    ]  # fmt: skip


@require_http_methods(["GET", "HEAD", "POST"])
@require(administrators)
def add(request: AuthenticatedRequest) -> HttpResponse:
    """Show the form of new budgets, preview what they would have done, or store them."""
    form = NewBudgetForm(request.POST or None, reader=request.user)
    if request.method != "POST" or not form.is_valid():
        return show_form(request, form)
    new = form.budgets()
    if "preview" in request.POST:
        return show_form(request, form, new)
    with transaction.atomic():
        for one in new:
            one.save()
            form.keep_parts(one)
    follow_shortly()
    text = ngettext("%(number)s budget is set.", "%(number)s budgets are set.", len(new))
    messages.success(request, text % {"number": len(new)})
    return redirect("budgets")


@require_http_methods(["GET", "HEAD", "POST"])
@require(administrators)
def edit(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Change a budget; open periods follow at once."""
    budget = find(pk)
    form = EditForm(request.POST or None, reader=request.user, budget=budget)
    if request.method != "POST" or not form.is_valid():
        return show_form(request, form, budget=budget)
    if "preview" in request.POST:
        return show_form(request, form, [form.fill(budget)], budget=find(pk))
    try:
        changing.change(form.fill(budget), form.keep_parts, str(request.user))
    except Budget.DoesNotExist as error:
        raise Http404 from error
    tell()
    messages.success(request, _("“%(name)s” is changed.") % {"name": budget})
    return redirect("budgets")


def show_form(
    request: AuthenticatedRequest, form: RulesForm, tried: list[Budget] | None = None, budget: Budget | None = None
) -> HttpResponse:
    """Show the form, with what it would have done in the last whole period where that is asked for."""
    context: dict[str, Any] = {"form": form, "budget": budget, "rule": rule_in_words(budget) if budget else ""}
    if tried:
        percents = sorted(row.cleaned_data["percent"] for row in form.thresholds if row.cleaned_data.get("percent"))
        amounts = {person.pk: amount for person, amount in form.cleaned_data["read_exceptions"]}
        trial = try_out(tried, percents, amounts)
        context |= {
            "trial": trial, "trial_days": days_in_words(trial.start, trial.end),
            "trial_total": in_words(tried[0], trial.total),
            "trial_rows": [(one, in_words(tried[0], one.used), in_words(tried[0], one.amount))
                           for one in trial.highest],
        }  # fmt: skip
    return render(request, "budget/rule_form.html", context)


def find(pk: int) -> Budget:
    """Return a budget in force; 404 otherwise."""
    return get_object_or_404(Budget.objects.in_force(), pk=pk)


@require_POST
@require(administrators)
def pause(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Let no threshold act until the budget is resumed."""
    budget = find(pk)
    changing.pause(budget, str(request.user))
    messages.success(request, _("“%(name)s” is paused: calls are counted, nothing else happens.") % {"name": budget})
    return redirect("budgets")


@require_POST
@require(administrators)
def resume(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Let thresholds act again."""
    budget = find(pk)
    changing.resume(budget, str(request.user))
    tell()
    messages.success(request, _("“%(name)s” acts again.") % {"name": budget})
    return redirect("budgets")


@require_POST
@require(administrators)
def delete(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Take a budget out of force; the list offers to undo that."""
    changing.delete(find(pk))
    response = redirect("budgets")
    response["Location"] += f"?deleted={pk}"
    return response


@require_POST
@require(administrators)
def restore(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Put a deleted budget into force again, as it was."""
    budget = get_object_or_404(Budget.objects.filter(deleted_at__gt=timezone.now() - UNDO), pk=pk)
    changing.restore(budget)
    follow_shortly()
    messages.success(request, _("“%(name)s” is in force again.") % {"name": budget})
    return redirect("budgets")
