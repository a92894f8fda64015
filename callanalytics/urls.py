"""Includes of the apps, and nothing else."""

from django.contrib import admin
from django.urls import include, path

from callanalytics.api import api, docs, nothing_here
from callanalytics.web import health
from callanalytics.web.views import menu, set_up_door

urlpatterns = [
    path("health/live", health.live, name="health_live"),
    path("health/ready", health.ready, name="health_ready"),
    path("api/v1/docs", docs, name="api_docs"),
    path("api/v1/", nothing_here),
    path("api/v1/", api.urls),
    path("api/<path:rest>", nothing_here),
    path("", menu, name="menu"),
    path("", include("reports.urls")),
    path("", include("budget.urls")),
    path("", include("alarms.urls")),
    path("", include("phonelock.urls")),
    path("", include("xmlservices.urls")),
    path("", include("accounting.urls")),
    # The set-up has no sign-in of its own: one sign-in opens everything.
    path("setup/login/", set_up_door),
    path("setup/", admin.site.urls),
]
