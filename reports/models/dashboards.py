"""Dashboards: which widgets a person sees where, and with which ones people of a role begin (DASH-1 to DASH-3)."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounting.models import Role


class Dashboard(models.Model):
    """The widgets of one person, or those with which everybody of a role begins."""

    owner = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="dashboard",
        verbose_name=_("owner"),
    )  # fmt: skip
    role = models.CharField(_("role"), max_length=13, choices=Role.choices, null=True, blank=True, unique=True)
    """None for a person's own."""
    places: models.JSONField[Any, list[dict[str, Any]]] = models.JSONField(default=list)
    """See services.dashboards.Place."""
    changed_at = models.DateTimeField(_("changed"), auto_now=True)

    class Meta:
        verbose_name = _("dashboard")
        verbose_name_plural = _("dashboards")
        constraints = [
            models.CheckConstraint(
                condition=Q(owner__isnull=True, role__isnull=False) | Q(owner__isnull=False, role__isnull=True),
                name="dashboard_of_person_or_role",
            )
        ]

    def __str__(self) -> str:
        return str(self.owner or self.get_role_display())
