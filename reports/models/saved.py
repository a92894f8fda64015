"""Personal reports, and how often the public ones are used."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounting.models import CostCentre, Department, Office
from reports.querysets import SavedReportQuerySet


class SavedReport(models.Model):
    """A report that a person has saved with filters, grouping and columns, perhaps shared with one unit (REP-7)."""

    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_reports", verbose_name=_("owner")
    )
    slug = models.CharField(_("report"), max_length=60)
    """The public report that it changes."""
    name = models.CharField(_("name"), max_length=80)
    description = models.CharField(_("description"), max_length=300, blank=True)
    group = models.CharField(_("report group"), max_length=60, blank=True)
    query = models.TextField(_("question"))
    """The whole address of the question; hidden numbers stand in it as tokens that only their owner can open."""
    department = models.ForeignKey(
        Department, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("department")
    )
    cost_centre = models.ForeignKey(
        CostCentre, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("cost centre")
    )
    office = models.ForeignKey(
        Office, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("office")
    )
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    changed_at = models.DateTimeField(_("changed"), auto_now=True)
    deleted_at = models.DateTimeField(_("deleted"), null=True, blank=True, db_index=True)
    """When it was deleted; it can be brought back for a while."""

    objects = SavedReportQuerySet.as_manager()

    class Meta:
        verbose_name = _("saved report")
        verbose_name_plural = _("saved reports")
        ordering = ["group", "name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(cost_centre__isnull=True, office__isnull=True)
                    | Q(department__isnull=True, office__isnull=True)
                    | Q(department__isnull=True, cost_centre__isnull=True)
                ),
                name="saved_report_for_one_unit",
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def unit(self) -> Department | CostCentre | Office | None:
        """The unit with which it is shared, None for nobody."""
        return self.department or self.cost_centre or self.office


class ReportUse(models.Model):
    """How often a public report was used on one day; nobody is named."""

    slug = models.CharField(_("report"), max_length=60)
    day = models.DateField(_("day"))
    count = models.PositiveIntegerField(_("uses"), default=0)

    class Meta:
        verbose_name = _("use of reports")
        verbose_name_plural = _("uses of reports")
        constraints = [models.UniqueConstraint(fields=["slug", "day"], name="report_use_once_a_day")]

    def __str__(self) -> str:
        return f"{self.slug} {self.day}: {self.count}"
