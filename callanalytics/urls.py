"""Includes of the apps, and nothing else."""

from django.contrib import admin
from django.urls import include, path

from callanalytics.web import health
from callanalytics.web.views import menu, set_up_door

urlpatterns = [
    path("health/live", health.live, name="health_live"),
    path("health/ready", health.ready, name="health_ready"),
    path("", menu, name="menu"),
    path("", include("reports.urls")),
    path("", include("budget.urls")),
    path("", include("phonelock.urls")),
    path("", include("xmlservices.urls")),
    path("", include("accounting.urls")),
    # The set-up has no sign-in of its own: one sign-in opens everything.
    path("setup/login/", set_up_door),
    path("setup/", admin.site.urls),
]
