"""A person's own settings: language and time zone."""

from decimal import Decimal

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounting.forms.profile import ProfileForm
from accounting.models import LineAssignment, Membership, User
from accounting.services.zones import default_zone
from callanalytics.middleware import DEFAULT_ZONE_KEY
from callanalytics.web.requests import AuthenticatedRequest, way_back

EXAMPLE_COST = Decimal("1234.56")
EXAMPLE_SECONDS = 3725


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def profile(request: AuthenticatedRequest) -> HttpResponse:
    """Show and change the reader's language and time zone."""
    person = request.user
    zone = default_zone(person)
    form = ProfileForm(request.POST or None, instance=User.objects.get(pk=person.pk), default_zone=zone)
    if request.method == "POST" and form.is_valid():
        # Written past the model's signals: how one reads changes nothing about how calls are attributed.
        User.objects.filter(pk=person.pk).update(**form.cleaned_data)
        request.session[DEFAULT_ZONE_KEY] = zone.name
        translation.activate(form.cleaned_data["language"] or translation.get_language_from_request(request))
        messages.success(request, _("Your settings are saved."))
        return redirect("profile")
    now = timezone.now()
    context = {
        "form": form,
        "default_zone": zone,
        "now": now,
        "example_cost": EXAMPLE_COST,
        "example_seconds": EXAMPLE_SECONDS,
        "lines": LineAssignment.objects.filter(user=person, valid_to=None).select_related("extension__phone_system"),
        "membership": Membership.objects.filter(user=person, valid_to=None)
        .select_related("department", "cost_centre", "office")
        .last(),
    }
    return render(request, "accounting/profile.html", context)


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Switch the language, for signed-in people for good, else for this browser; answer with the same page."""
    language = request.POST.get("language", "")
    if language not in dict(settings.LANGUAGES):
        return HttpResponseBadRequest()
    if request.user.is_authenticated:
        User.objects.filter(pk=request.user.pk).update(language=language)
    response = HttpResponseRedirect(way_back(request, "/", "next"))
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME, language, max_age=365 * 86400, samesite="Lax", secure=request.is_secure()
    )
    return response
