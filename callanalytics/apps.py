"""The project package as an app: its templates, tags and checks."""

from django.apps import AppConfig


class CallAnalyticsConfig(AppConfig):
    """Pages in general."""

    name = "callanalytics"
    verbose_name = "Call Analytics"

    def ready(self) -> None:
        """Register the system checks."""
        from callanalytics import checks  # noqa: F401, PLC0415  (settings first)
