"""The project package as an app: its templates, tags and checks."""

from axes import apps as axes_apps
from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CallAnalyticsConfig(AppConfig):
    """Pages in general."""

    default = True
    name = "callanalytics"
    verbose_name = "Call Analytics"

    def ready(self) -> None:
        """Register the system checks."""
        from callanalytics import checks  # noqa: F401, PLC0415  (settings first)


class SignInProtectionConfig(axes_apps.AppConfig):  # type: ignore[misc]  # the package has no types
    """The throttle of wrong passwords, under a name that people understand."""

    verbose_name = _("Protection of the sign-in")
