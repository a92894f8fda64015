"""People and the units to which they belong."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounting import models
from accounting.admin.site import ForAdministrators

# Roles decide what people may do; groups would be a second, silent way.
admin.site.unregister(Group)


class LineInline(ForAdministrators, admin.TabularInline[models.LineAssignment, models.User]):
    """The extensions of a person."""

    model = models.LineAssignment
    extra = 0
    autocomplete_fields = ("extension",)
    # Without its entry the calls of a person would be nobody's.
    can_delete = False

    def get_formset(self, request: HttpRequest, obj: models.User | None = None, **kwargs: Any) -> Any:
        """Return the form, which says how a line is given up."""
        until = _("Not included. Empty: until further notice.")
        help_text = f"{until} {_('End it by its date; calls keep their person.')}"
        return super().get_formset(request, obj, help_texts={"valid_to": help_text}, **kwargs)


class MembershipInline(ForAdministrators, admin.TabularInline[models.Membership, models.User]):
    """The units of a person."""

    model = models.Membership
    extra = 0
    autocomplete_fields = ("department", "cost_centre", "office")


class SupervisionInline(ForAdministrators, admin.TabularInline[models.Supervision, models.User]):
    """The units whose calls a person sees."""

    model = models.Supervision
    extra = 0
    autocomplete_fields = ("department", "cost_centre", "office")


@admin.register(models.User)
class PersonAdmin(ForAdministrators, UserAdmin[models.User]):
    """People."""

    list_display = ("username", "last_name", "first_name", "role", "is_active")
    list_filter = ("role", "is_active")
    search_fields = ("username", "last_name", "first_name", "email", "lines__extension__number")
    ordering = ("last_name", "first_name")
    filter_horizontal = ()
    inlines = (LineInline, MembershipInline, SupervisionInline)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email")}),
        (_("Access"), {"fields": ("role", "is_active")}),
        (_("Language and formats"), {"fields": ("language", "time_zone")}),
        (_("Dates"), {"fields": ("last_login", "date_joined")}),
    )
    readonly_fields = ("last_login", "date_joined")


@admin.register(models.Office)
class OfficeAdmin(ForAdministrators, admin.ModelAdmin[models.Office]):
    """Offices."""

    list_display = ("name", "country", "area_code", "time_zone", "access_code")
    search_fields = ("name", "country")


@admin.register(models.Department)
class DepartmentAdmin(ForAdministrators, admin.ModelAdmin[models.Department]):
    """Departments."""

    list_display = ("name", "parent")
    list_select_related = ("parent",)
    search_fields = ("name",)
    autocomplete_fields = ("parent",)


@admin.register(models.CostCentre)
class CostCentreAdmin(ForAdministrators, admin.ModelAdmin[models.CostCentre]):
    """Cost centres."""

    list_display = ("code", "name")
    search_fields = ("code", "name")
