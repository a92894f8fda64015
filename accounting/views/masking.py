"""Masking rules: in words, with a preview of what each role sees."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounting.forms.masking import MaskingRuleForm
from accounting.models import MaskingRule, Role
from accounting.services import masking_preview
from callanalytics.web.permissions import administrators, require
from callanalytics.web.requests import AuthenticatedRequest


@require_safe
@require(administrators)
def masking_rules(request: AuthenticatedRequest) -> HttpResponse:
    """Show the rules in words, and sample calls as each role sees them now."""
    rules = sorted(MaskingRule.objects.all(), key=lambda rule: (Role.values.index(rule.role), rule.pk))
    context = {
        "rules": [(rule, masking_preview.in_words(rule)) for rule in rules],
        "roles": Role.labels,
        "samples": masking_preview.by_role(masking_preview.sample_calls(request.user), rules),
    }
    return render(request, "accounting/masking_rules.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@require(administrators)
def masking_rule(request: AuthenticatedRequest, pk: int | None = None) -> HttpResponse:
    """Show the form of a new or an existing rule with its preview; a POST saves it."""
    rule = get_object_or_404(MaskingRule, pk=pk) if pk else MaskingRule()
    form = MaskingRuleForm(request.POST or None, instance=rule)
    if request.method == "POST" and form.is_valid():
        form.save()
        messages.success(request, _("The rule is saved and holds from now on."))
        return redirect("masking_rules")
    context = {"form": form, "pk": pk, **preview_of(request, pk)}
    return render(request, "accounting/masking_rule.html", context)


@require_POST
@require(administrators)
def masking_preview_of_rule(request: AuthenticatedRequest, pk: int | None = None) -> HttpResponse:
    """Return what the rule in the form would change, without saving it."""
    form = MaskingRuleForm(request.POST, instance=get_object_or_404(MaskingRule, pk=pk) if pk else MaskingRule())
    if request.htmx:
        return render(request, "accounting/masking_preview.html", preview_of(request, pk))
    return render(request, "accounting/masking_rule.html", {"form": form, "pk": pk, **preview_of(request, pk)})


def preview_of(request: AuthenticatedRequest, pk: int | None) -> dict[str, Any]:
    """Return the sample calls before and after the rule in the form, and the role; none before a role is chosen."""
    before = list(MaskingRule.objects.all())
    stored = next((rule for rule in before if rule.pk == pk), None)
    form = MaskingRuleForm(request.POST or None, instance=MaskingRule(pk=pk))
    wanted = form.instance if request.method == "POST" and form.is_valid() else stored
    asked = wanted.role if wanted else request.POST.get("role", "")
    if asked not in Role.values:
        return {"samples": [], "role": ""}
    after = [rule for rule in before if rule.pk != pk] + ([wanted] if wanted else [])
    samples = masking_preview.sample_calls(request.user)
    return {
        "samples": masking_preview.before_and_after(samples, asked, before, after), "role": Role(asked).label
    }  # fmt: skip


@require_POST
@require(administrators)
def delete_masking_rule(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Delete a rule: the numbers that it hid can be read from now on."""
    get_object_or_404(MaskingRule, pk=pk).delete()
    messages.success(request, _("The rule is deleted."))
    return redirect("masking_rules")
