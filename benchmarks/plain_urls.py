"""One view under no middleware at all: what call control is compared with."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from phonelock.models import Lock


def bare(request: HttpRequest, key: str) -> HttpResponse:
    """Answer a POST by one indexed query; neither the question nor the answer is XML."""
    number = str(10_000 + len(request.body) % 40_000)
    found = Lock.objects.filter(phone_system_id=1, number=number).values_list("reason", flat=True).first()
    return HttpResponse(found or "none")


urlpatterns = [path("ecc/<str:key>/", bare), path("health/live", lambda _request: HttpResponse())]
