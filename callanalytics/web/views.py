"""Pages above the applications: the main menu, and the pages shown when something is refused."""

from http import HTTPStatus

from django.contrib import admin
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_safe


@require_safe
@login_required
def menu(request: HttpRequest) -> HttpResponse:
    """Show the applications that this person may use (ACC-2)."""
    return render(request, "menu.html")


@require_safe
def set_up_door(request: HttpRequest) -> HttpResponse:
    """Send strangers from the set-up to the sign-in and back; answer 403 to people of other roles."""
    if request.user.is_authenticated and not admin.site.has_permission(request):
        raise PermissionDenied
    return redirect(f"{reverse('sign_in')}?{request.GET.urlencode(safe='/')}")


def refused(request: HttpRequest, problems: list[str], start_over: str) -> HttpResponse:
    """Answer 400 and say what is wrong with the address; start_over is the address of the page without filters."""
    context = {"problems": problems, "start_over": start_over}
    return render(request, "400.html", context, status=HTTPStatus.BAD_REQUEST)
