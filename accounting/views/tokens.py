"""Access tokens: a person's own in the profile, everybody's in the set-up."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounting.forms.tokens import TokenFilter, TokenForm
from accounting.models import ApiToken, TokenClient
from accounting.services import tokens
from callanalytics.web.permissions import administrators, require
from callanalytics.web.requests import AuthenticatedRequest, newest_of
from callanalytics.web.views import refused

SHOWN = 50


@sensitive_variables("shown")
@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def own_tokens(request: AuthenticatedRequest) -> HttpResponse:
    """Show the reader's tokens, and make one: its text is in this one answer only."""
    user, shown, made = request.user, "", None
    form = TokenForm(request.POST or None, user=user)
    if request.method == "POST" and form.is_valid():
        try:
            client = TokenClient(form.cleaned_data["client"])
            made, shown = tokens.make(user, form.cleaned_data["name"], form.scopes, client, form.term)
            form = TokenForm(user=user)
        except ValidationError as problem:
            form.add_error("name", problem)
    context = {
        "form": form,
        "made": made,
        "shown": shown,
        "tokens": ApiToken.objects.filter(user=user).select_related("user")[:SHOWN],
    }
    return render(request, "accounting/tokens.html", context)


@require_POST
@login_required
def revoke_token(request: AuthenticatedRequest, pk: int) -> HttpResponse:
    """Revoke one of the reader's tokens; administrators revoke those of everybody."""
    token = get_object_or_404(ApiToken.objects.visible_to(request.user).select_related("user"), pk=pk)
    tokens.revoke(token)
    messages.success(request, _("The token “%(name)s” is revoked.") % {"name": token.name})
    return redirect("all_tokens" if "all" in request.POST else "own_tokens")


@require_safe
@require(administrators)
def all_tokens(request: AuthenticatedRequest) -> HttpResponse:
    """Show the tokens of everybody that meet the filters, newest first."""
    filters = TokenFilter(request.GET)
    if filters.problems():
        return refused(request, filters.problems(), reverse("all_tokens"))
    found = filters.narrow(ApiToken.objects.all())
    rows, paging = newest_of(request, found.select_related("user"), SHOWN)
    context = {"filters": filters, "tokens": rows, "newest": filters.without(), **paging}
    return render(request, "accounting/all_tokens.html", context)
