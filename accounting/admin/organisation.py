"""People and the units to which they belong."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounting import models
from accounting.admin.site import ForAdministrators, SetUpAdmin
from accounting.forms.organisation import (
    LineForm,
    MembershipForm,
    NewPersonForm,
    OfficeForm,
    PersonForm,
    SupervisionForm,
)
from accounting.querysets.organization import subtree
from accounting.querysets.validity import held_now, member_rows
from accounting.services import closing

# Roles decide what people may do; groups would be a second, silent way.
admin.site.unregister(Group)
MOST_AT_ONCE = 500
MOST_CHOICES = 60
"""So many departments are offered as a filter."""


class LineInline(ForAdministrators, admin.TabularInline[models.LineAssignment, models.User]):
    """The extensions of a person."""

    model = models.LineAssignment
    verbose_name, verbose_name_plural = _("line"), _("Extensions over time")
    form = LineForm
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
    verbose_name, verbose_name_plural = _("membership"), _("Units over time")
    form = MembershipForm
    extra = 0
    autocomplete_fields = ("department", "cost_centre", "office")


class SupervisionInline(ForAdministrators, admin.TabularInline[models.Supervision, models.User]):
    """The units whose calls a person sees."""

    model = models.Supervision
    verbose_name, verbose_name_plural = _("supervised unit"), _("Sees the calls of")
    form = SupervisionForm
    extra = 0
    autocomplete_fields = ("department", "cost_centre", "office")


class HoldsExtension(admin.SimpleListFilter):
    """People with and without an extension."""

    title = _("extension")
    parameter_name = "extension"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the choices."""
        return [("yes", _("Holds one")), ("no", _("Holds none"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the people who are meant."""
        held = Exists(models.LineAssignment.objects.filter(user=OuterRef("pk")))
        return {"yes": queryset.filter(held), "no": queryset.filter(~held)}.get(self.value() or "", queryset)


class InDepartment(admin.SimpleListFilter):
    """People who belong to a department, or to one below it, now."""

    title = _("department")
    parameter_name = "department"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the departments; where there are very many, those at the top (the search finds the others)."""
        chosen = self.used_parameters.get(self.parameter_name)
        rows = models.Department.objects.values_list("pk", "name", "parent_id")
        if rows.count() > MOST_CHOICES:
            rows = rows.filter(Q(parent=None) | Q(pk=chosen if str(chosen).isdecimal() else None))
        return [("none", _("None")), *((str(pk), name) for pk, name, _parent in rows)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the people who are meant."""
        value = self.value()
        if not value:
            return queryset
        now = member_rows().filter(user=OuterRef("pk"))
        if value == "none":
            return queryset.exclude(Exists(now.filter(department__isnull=False)))
        wanted = subtree([int(value)]) if value.isdecimal() else []
        return queryset.filter(Exists(now.filter(department__in=wanted)))


@admin.register(models.User)
class PersonAdmin(SetUpAdmin, UserAdmin[models.User]):
    """People."""

    form = PersonForm
    list_display = ("name", "username", "departments", "extensions", "role", "origin", "is_active")
    list_filter = ("role", "is_active", "origin", HoldsExtension, InDepartment)
    search_fields = ("username", "last_name", "first_name", "email", "employee_number", "lines__extension__number",
                     "memberships__department__name")  # fmt: skip
    search_help_text = _("Name, user name, e-mail, extension or department")
    ordering = ("last_name", "first_name")
    filter_horizontal = ()
    inlines = (LineInline, MembershipInline, SupervisionInline)
    actions = ("close", "open")
    fieldsets = (
        (None, {"fields": (("first_name", "last_name"), ("email", "employee_number"))}),
        (_("Access"), {"fields": ("username", ("role", "is_active"), "password_state")}),
        (_("Language and formats"), {"fields": (("language", "time_zone"),)}),
        (_("Origin"), {"fields": (("origin", "left_at"), ("last_login", "date_joined")), "classes": ("collapse",)}),
    )
    add_form = NewPersonForm
    add_fieldsets = (
        (None, {"fields": (("first_name", "last_name"), "username")}),
        (_("Password"), {"fields": ("usable_password", "password1", "password2")}),
    )
    readonly_fields = ("last_login", "date_joined", "origin", "left_at", "password_state")

    def get_queryset(self, request: HttpRequest) -> QuerySet[models.User]:
        """Return the people; a list reads the lines and departments that hold now at once."""
        lines = held_now().select_related("extension").order_by("extension")
        units = member_rows().exclude(department=None).select_related("department").order_by("valid_from")
        return super().get_queryset(request).prefetch_related(
            Prefetch("lines", lines, to_attr="present_lines"), Prefetch("memberships", units, to_attr="present_units")
        )  # fmt: skip

    @admin.display(description=_("name"), ordering="last_name")
    def name(self, person: models.User) -> str:
        """Return the name as lists are sorted, or the user name."""
        return ", ".join(part for part in (person.last_name, person.first_name) if part) or person.username

    @admin.display(description=_("department"))
    def departments(self, person: Any) -> str:
        """Return the departments of a person now."""
        return ", ".join(str(unit.department) for unit in person.present_units) or "–"

    @admin.display(description=_("extensions"))
    def extensions(self, person: Any) -> str:
        """Return the extensions of a person now."""
        return ", ".join(line.extension.number for line in person.present_lines) or "–"

    @admin.display(description=_("password"))
    def password_state(self, person: models.User) -> SafeString:
        """Return whether there is a local password, and the way to set one."""
        if person.has_usable_password():
            state, action = _("Set."), _("Set another password")
        elif person.origin == models.User.Origin.DIRECTORY:
            state, action = _("Kept by the directory."), _("Set a local password")
        else:
            state, action = _("Not set."), _("Set a password")
        page = reverse("admin:auth_user_password_change", args=[person.pk])
        return format_html('{} <a class="btn btn-quiet btn-sm" href="{}">{}</a>', state, page, action)

    def get_inlines(self, request: HttpRequest, obj: models.User | None) -> Any:
        """Return the tables that belong to a person; a new one is stored first."""
        return self.inlines if obj else ()

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Return the actions: people are closed, not deleted by the dozen."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    @admin.action(description=_("Close: end account and extensions"))
    def close(self, request: HttpRequest, queryset: QuerySet[models.User]) -> HttpResponse | None:
        """End accounts and lines of people who have left, after a page that names the numbers."""
        people = list(queryset.exclude(username=request.user.get_username())[: MOST_AT_ONCE + 1])
        if not people or len(people) > MOST_AT_ONCE:
            text = _("Mark at least one other person, and at most %(count)s people.") % {"count": MOST_AT_ONCE}
            self.message_user(request, text, messages.WARNING)
            return None
        if "confirmed" in request.POST:
            closed = closing.close(people)
            text = ngettext("%(count)s person was closed.", "%(count)s people were closed.", closed)
            self.message_user(request, text % {"count": closed}, messages.SUCCESS)
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": _("Close people"),
            "opts": self.opts,
            "people": people,
            "lines": closing.open_lines(people),
            "action": "close",
            "action_checkbox_name": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "admin/close_people.html", context)

    @admin.action(description=_("Open the account again"))
    def open(self, request: HttpRequest, queryset: QuerySet[models.User]) -> None:
        """Let people sign in again; lines are given by hand."""
        people = list(queryset.filter(is_active=False)[:MOST_AT_ONCE])
        for person in people:
            person.is_active, person.left_at = True, None
            person.save(update_fields=["is_active", "left_at", "is_staff"])
        text = ngettext("%(count)s account was opened.", "%(count)s accounts were opened.", len(people))
        self.message_user(request, text % {"count": len(people)}, messages.SUCCESS)


@admin.register(models.Office)
class OfficeAdmin(SetUpAdmin):
    """Offices."""

    form = OfficeForm
    list_display = ("name", "country", "area_code", "time_zone", "access_code")
    list_filter = ("country",)
    search_fields = ("name", "area_code")
    search_help_text = _("Name or area code")
    fieldsets = (
        (None, {"fields": ("name",)}),
        (_("Place"), {"fields": (("country", "subdivision"), ("time_zone", "business_hours"))}),
        (_("Numbers"), {"fields": (("area_code", "access_code"), "private_prefix", "extension_digits")}),
    )


@admin.register(models.Department)
class DepartmentAdmin(SetUpAdmin):
    """Departments."""

    list_display = ("name", "parent")
    list_select_related = ("parent",)
    search_fields = ("name",)
    search_help_text = _("Name")
    autocomplete_fields = ("parent",)


@admin.register(models.CostCentre)
class CostCentreAdmin(SetUpAdmin):
    """Cost centres."""

    list_display = ("code", "name")
    search_fields = ("code", "name")
    search_help_text = _("Code or name")
