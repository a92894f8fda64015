"""The product's addresses, and a minimal view under the same middleware."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import include, path

from accounting.models import CallRecord


@login_required
def minimal(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer with one value found by one indexed query, for a signed-in person as every page is."""
    return HttpResponse(CallRecord.objects.values_list("other_number", flat=True).get(pk=pk))


urlpatterns = [path("minimal/<int:pk>", minimal), path("", include("callanalytics.urls"))]
