"""One view under no middleware at all: what call control is compared with."""

from django.http import HttpRequest, HttpResponse
from django.urls import path

from accounting.models import Extension


def bare(request: HttpRequest, key: str) -> HttpResponse:
    """Answer a POST by one indexed query; neither the question nor the answer is XML."""
    number = str(10_000 + len(request.body) % 40_000)
    found = Extension.objects.filter(phone_system_id=1, number=number).values_list("number", flat=True).first()
    return HttpResponse(found or "none")


urlpatterns = [path("ecc/<str:key>/", bare), path("health/live", lambda _request: HttpResponse())]
