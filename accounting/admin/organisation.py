"""People and the units to which they belong."""

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounting import models
from accounting.admin.site import ForAdministrators, SetUpAdmin
from accounting.forms.organisation import LineForm, MembershipForm, OfficeForm, PersonForm, SupervisionForm
from accounting.services import closing

# Roles decide what people may do; groups would be a second, silent way.
admin.site.unregister(Group)
MOST_AT_ONCE = 500


class LineInline(ForAdministrators, admin.TabularInline[models.LineAssignment, models.User]):
    """The extensions of a person."""

    model = models.LineAssignment
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
    form = MembershipForm
    extra = 0
    autocomplete_fields = ("department", "cost_centre", "office")


class SupervisionInline(ForAdministrators, admin.TabularInline[models.Supervision, models.User]):
    """The units whose calls a person sees."""

    model = models.Supervision
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


@admin.register(models.User)
class PersonAdmin(SetUpAdmin, UserAdmin[models.User]):
    """People."""

    form = PersonForm
    list_display = ("username", "last_name", "first_name", "email", "role", "is_active", "origin")
    list_filter = ("role", "is_active", "origin", HoldsExtension)
    search_fields = ("username", "last_name", "first_name", "email", "employee_number", "lines__extension__number")
    search_help_text = _("Name, user name, e-mail, employee number or extension")
    ordering = ("last_name", "first_name")
    filter_horizontal = ()
    inlines = (LineInline, MembershipInline, SupervisionInline)
    actions = ("close", "open")
    fieldsets = (
        (None, {"fields": (("first_name", "last_name"), ("email", "employee_number"))}),
        (_("Access"), {"fields": (("username", "password"), ("role", "is_active"))}),
        (_("Language and formats"), {"fields": (("language", "time_zone"),)}),
        (_("Origin"), {"fields": (("origin", "left_at"), ("last_login", "date_joined")), "classes": ("collapse",)}),
    )
    add_fieldsets = (
        (None, {"fields": (("first_name", "last_name"), "username")}),
        (_("Password"), {"fields": ("usable_password", "password1", "password2")}),
    )
    readonly_fields = ("last_login", "date_joined", "origin", "left_at")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Return the actions: people are closed, not deleted by the dozen."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    @admin.action(description=_("Close: end account and lines"))
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
        (_("Place"), {"fields": (("country", "subdivision"), "time_zone")}),
        (_("Numbers"), {"fields": (("area_code", "access_code"), "extension_digits")}),
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
