"""The project package as an app: its templates, tags and checks."""

from axes import apps as axes_apps
from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop


class CallAnalyticsConfig(AppConfig):
    """Pages in general."""

    default = True
    name = "callanalytics"
    verbose_name = "Call Analytics"

    def ready(self) -> None:
        """Register the system checks, what searching for text means, and how writers of SQLite wait."""
        from callanalytics import checks  # noqa: F401, PLC0415  (settings first)
        from callanalytics.lib import among, folding, turns  # noqa: PLC0415  (settings first)

        among.register()
        folding.register()
        turns.register()


THROTTLE_WORDS = (
    gettext_noop("access attempt"),
    gettext_noop("access attempts"),
    gettext_noop("Attempt Time"),
    gettext_noop("Failed Logins"),
    gettext_noop("IP Address"),
    gettext_noop("User Agent"),
)
"""Words of the throttle's package for our catalogues: it has none for Spanish and Italian."""


class SignInProtectionConfig(axes_apps.AppConfig):  # type: ignore[misc]  # the package has no types
    """The throttle of wrong passwords, under a name that people understand."""

    verbose_name = _("Protection of the sign-in")


class SetUpConfig(admin_apps.AdminConfig):
    """Django's admin as the product's set-up."""

    default = False
    default_site = "accounting.set_up_site.SetUpSite"
