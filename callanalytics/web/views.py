"""Pages above the applications: the main menu, and the pages shown when something is refused."""

from http import HTTPStatus

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe


@require_safe
@login_required
def menu(request: HttpRequest) -> HttpResponse:
    """Show the applications that this person may use (ACC-2)."""
    return render(request, "menu.html")


def refused(request: HttpRequest, problems: list[str], start_over: str) -> HttpResponse:
    """Answer 400 and say what is wrong with the address; start_over is the address of the page without filters."""
    context = {"problems": problems, "start_over": start_over}
    return render(request, "400.html", context, status=HTTPStatus.BAD_REQUEST)
