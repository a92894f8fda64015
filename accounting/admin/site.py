"""What the tables of the set-up share: administrators only, native fields, tests, histories from the audit log."""

from collections.abc import Mapping
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.admin.widgets import RelatedFieldWidgetWrapper
from django.db import models as fields
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounting.forms.secret_field import SecretField, SecretInput
from accounting.services import connection_tests, history, keeping
from accounting.set_up_site import is_administrator
from callanalytics.lib.secrets import EncryptedField

TECHNICAL = frozenset(
    {"username", "email", "device_name", "address", "certificate", "axl_username", "host", "sender",
     "allowed_domains", "number", "prefix", "first", "last", "area_code", "access_code", "employee_number"}
)  # fmt: skip
"""Fields that are written from left to right in every language."""


def day_input() -> forms.DateInput:
    """Return the browser's own field for a day."""
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class MomentInput(forms.SplitDateTimeWidget):
    """The browser's own fields for a day and a time of day."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(
            attrs,
            date_format="%Y-%m-%d",
            time_format="%H:%M",
            date_attrs={"type": "date", "aria-label": gettext("Day")},
            time_attrs={"type": "time", "aria-label": gettext("Time")},
        )


class ForAdministrators:
    """Opens a table to every administrator: the role decides, there are no permissions to hand out one by one."""

    formfield_overrides: Mapping[type[fields.Field[Any, Any]], Mapping[str, Any]] = {
        EncryptedField: {"form_class": SecretField, "widget": SecretInput},
        fields.DateField: {"widget": day_input()},
        fields.DateTimeField: {"form_class": forms.SplitDateTimeField, "widget": MomentInput},
        fields.TimeField: {"widget": forms.TimeInput(format="%H:%M", attrs={"type": "time"})},
    }

    def has_module_permission(self, request: HttpRequest) -> bool:
        """Whether the table is listed."""
        return is_administrator(request)

    def has_view_permission(self, request: HttpRequest, obj: fields.Model | None = None) -> bool:
        """Whether rows may be seen."""
        return is_administrator(request)

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """Whether rows may be added."""
        return is_administrator(request)

    def has_change_permission(self, request: HttpRequest, obj: fields.Model | None = None) -> bool:
        """Whether rows may be changed."""
        return is_administrator(request)

    def has_delete_permission(self, request: HttpRequest, obj: fields.Model | None = None) -> bool:
        """Whether rows may be deleted."""
        return is_administrator(request)

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Return the field of a form, without the small windows in which Django edits other tables."""
        field = super().formfield_for_dbfield(db_field, request, **kwargs)  # type: ignore[misc]
        if field is not None and isinstance(field.widget, RelatedFieldWidgetWrapper):
            field.widget = field.widget.widget
        if field is not None and db_field.name in TECHNICAL:
            field.widget.attrs |= {"dir": "ltr", "spellcheck": "false"}
        return field


class SetUpAdmin(ForAdministrators, admin.ModelAdmin[Any]):
    """A table of the set-up; its history is what the audit log says of a row."""

    show_full_result_count = False
    list_per_page = 50
    show_facets = admin.ShowFacets.NEVER

    tests: tuple[str, ...] = ()
    """Tests of connections that stand on the form, by name."""
    history_parts: tuple[type[fields.Model], ...] = ()
    """Tables beyond those of the form whose rows belong to a row's history."""

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[list[Any], Any, set[str], list[Any]]:
        """Return what deleting would take along; first the reasons why calls or people still need the rows."""
        reasons = [reason for row in objs for reason in keeping.reasons_to_keep(row)]
        return ([], {}, set(), reasons) if reasons else super().get_deleted_objects(objs, request)

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        """Show the form with the tests of its connections."""
        context["connection_tests"] = [(name, connection_tests.TESTS[name]) for name in self.tests]
        return super().render_change_form(request, context, *args, **kwargs)

    def log_addition(self, *_args: Any) -> Any:
        """Leave it to the audit log."""

    def log_change(self, *_args: Any) -> Any:
        """Leave it to the audit log."""

    def log_deletions(self, *_args: Any) -> Any:
        """Leave it to the audit log."""

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show who changed what in this row and in the rows that belong to it."""
        row = self.get_object(request, unquote(object_id))
        if row is None:
            raise Http404
        parts = [*self.history_parts, *(inline.model for inline in self.get_inline_instances(request, row))]
        entries, more = history.entries_of(row, parts)
        context = {
            **self.admin_site.each_context(request),
            "title": _("History"),
            "object": row,
            "opts": self.opts,
            "entries": entries,
            "more": more,
            **(extra_context or {}),
        }
        return TemplateResponse(request, "admin/object_history.html", context)


class ReadOnlyAdmin(SetUpAdmin):
    """Rows that only the product writes."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        """Nobody adds them by hand."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: fields.Model | None = None) -> bool:
        """Nobody changes them by hand."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: fields.Model | None = None) -> bool:
        """Nobody deletes them by hand."""
        return False
