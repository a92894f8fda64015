"""Phone systems, their gateways, extensions and phones."""

import ssl
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.core.exceptions import ValidationError
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounting import models
from accounting.admin.site import ForAdministrators, SetUpAdmin
from accounting.forms.organisation import ChosenOfficeForm, PeriodForm
from accounting.querysets.validity import holding
from accounting.services.holders import holders_of
from accounting.sources import SOURCES

SOURCE_NAMES = {"cucm": "Cisco Unified Communications Manager"}


class PhoneSystemForm(forms.ModelForm[models.PhoneSystem]):
    """A phone system; its kind is one of the formats that can be read."""

    kind = forms.ChoiceField(
        label=_("kind"), choices=[(kind, SOURCE_NAMES.get(kind, kind)) for kind in SOURCES],
        help_text=_("The format of its call records."),
    )  # fmt: skip

    def clean_certificate(self) -> str:
        """Take PEM text only."""
        pem = str(self.cleaned_data["certificate"]).strip()
        try:
            if pem:
                ssl.create_default_context(cadata=pem)
        except (ssl.SSLError, ValueError) as error:
            raise ValidationError(_("The certificate entered here is not PEM text.")) from error
        return pem

    class Meta:
        model = models.PhoneSystem
        fields = "__all__"  # noqa: DJ007  (every field is a setting)


@admin.register(models.PhoneSystem)
class PhoneSystemAdmin(SetUpAdmin):
    """Phone systems."""

    form = PhoneSystemForm
    tests = ("ucm", "inbox")
    list_display = ("name", "kind_in_words", "office", "address", "enabled", "quiet_minutes", "keep_days")
    list_filter = ("enabled", "office")
    list_select_related = ("office",)
    search_fields = ("name", "address")
    search_help_text = _("Name or publisher")

    @admin.display(description=_("kind"), ordering="kind")
    def kind_in_words(self, system: models.PhoneSystem) -> str:
        """Return the product whose records are read."""
        return SOURCE_NAMES.get(system.kind, system.kind)

    readonly_fields = ("keep_days", "after_term")
    fieldsets = (
        (None, {"fields": (("name", "kind"), ("office", "enabled"), "quiet_minutes")}),
        (
            _("Publisher"),
            {
                "fields": ("address", ("axl_username", "axl_password"), "certificate"),
                "description": _("For tests of the connection and for Phone Lock; call records arrive without it."),
            },
        ),
        (
            _("How long calls are kept"),
            {
                "fields": (("keep_days", "after_term"),),
                "description": _("Set under Call records, Retention, where you see first which calls are concerned."),
            },
        ),
    )


class GatewayCarrierInline(ForAdministrators, admin.TabularInline[models.GatewayCarrier, models.Gateway]):
    """The carriers behind a gateway."""

    model = models.GatewayCarrier
    form = PeriodForm
    fields = ("carrier", "valid_from", "valid_to")
    extra = 0


class HasCarrier(admin.SimpleListFilter):
    """Gateways with and without a carrier today."""

    title = _("carrier today")
    parameter_name = "carrier"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the choices."""
        return [("yes", _("Has one")), ("no", _("Has none"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the gateways that are meant."""
        today = holding(timezone.localdate())
        bound = Exists(models.GatewayCarrier.objects.filter(today, gateway=OuterRef("pk")))
        return {"yes": queryset.filter(bound), "no": queryset.filter(~bound)}.get(self.value() or "", queryset)


@admin.register(models.Gateway)
class GatewayAdmin(SetUpAdmin):
    """Gateways."""

    list_display = ("device_name", "name", "phone_system", "office", "network", "channels", "found_in_calls")
    list_filter = ("phone_system", "office", "network", HasCarrier, "found_in_calls")
    list_select_related = ("phone_system", "office")
    search_fields = ("device_name", "name")
    search_help_text = _("Device name or name")
    inlines = (GatewayCarrierInline,)
    actions = ("set_office",)
    fieldsets = ((None, {"fields": (("device_name", "name"), ("phone_system", "office"), ("network", "channels"))}),)

    @admin.action(description=_("Set the office"))
    def set_office(self, request: HttpRequest, queryset: QuerySet[models.Gateway]) -> HttpResponse | None:
        """Give one office to many gateways; calls that were made keep theirs."""
        form = ChosenOfficeForm(request.POST if "confirmed" in request.POST else None)
        if form.is_valid():
            for gateway in queryset:
                gateway.office = form.cleaned_data["value"]
                gateway.save(update_fields=["office"])
            count = queryset.count()
            text = ngettext("%(count)s gateway was changed.", "%(count)s gateways were changed.", count)
            self.message_user(request, text % {"count": count}, messages.SUCCESS)
            return None
        context = {
            **self.admin_site.each_context(request),
            "title": _("Set the office"),
            "opts": self.opts,
            "rows": queryset,
            "form": form,
            "action": "set_office",
            "action_checkbox_name": ACTION_CHECKBOX_NAME,
        }
        return TemplateResponse(request, "admin/choose_for_rows.html", context)


class HasHolder(admin.SimpleListFilter):
    """Extensions with and without a person, ever."""

    title = _("person")
    parameter_name = "holder"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        """Return the choices."""
        return [("yes", _("Held by a person")), ("no", _("Held by nobody"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Keep the extensions that are meant."""
        held = Exists(models.LineAssignment.objects.filter(extension=OuterRef("pk")))
        return {"yes": queryset.filter(held), "no": queryset.filter(~held)}.get(self.value() or "", queryset)


@admin.register(models.Extension)
class ExtensionAdmin(SetUpAdmin):
    """Extensions."""

    list_display = ("number", "phone_system", "holders", "found_in_calls", "first_seen", "ignored", "note")
    list_filter = ("phone_system", HasHolder, "found_in_calls", "ignored")
    list_select_related = ("phone_system",)
    search_fields = ("number", "note", "assignments__user__last_name", "assignments__user__username")
    search_help_text = _("Number, note or person")
    actions = ("ignore", "list_again")
    readonly_fields = ("found_in_calls", "first_seen")
    fieldsets = (
        (None, {"fields": (("number", "phone_system"), ("ignored", "note"))}),
        (_("Use"), {"fields": (("found_in_calls", "first_seen"),)}),
    )
    history_parts = (models.LineAssignment,)

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the form below everybody who has held the extension."""
        extension = self.get_object(request, object_id)
        told = {"holdings": holders_of(extension) if extension else []}
        return super().change_view(request, object_id, form_url, {**told, **(extra_context or {})})

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the rows with the people who hold them, read at once."""
        return super().get_queryset(request).prefetch_related("assignments__user")

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Return the actions: extensions of calls stay."""
        actions = super().get_actions(request)
        actions.pop("delete_selected", None)
        return actions

    @admin.display(description=_("held by"))
    def holders(self, extension: models.Extension) -> str:
        """Return the people who hold an extension now."""
        now = timezone.now()
        return ", ".join(
            str(line.user) for line in extension.assignments.all() if line.valid_to is None or line.valid_to > now
        ) or "–"  # fmt: skip

    @admin.action(description=_("Mark as of no person"))
    def ignore(self, request: HttpRequest, queryset: QuerySet[models.Extension]) -> None:
        """List extensions no longer as unknown."""
        self._mark(request, queryset, ignored=True)

    @admin.action(description=_("List as unknown again"))
    def list_again(self, request: HttpRequest, queryset: QuerySet[models.Extension]) -> None:
        """Take the mark away."""
        self._mark(request, queryset, ignored=False)

    def _mark(self, request: HttpRequest, queryset: QuerySet[models.Extension], *, ignored: bool) -> None:
        rows = list(queryset.filter(ignored=not ignored)[:500])
        for extension in rows:
            extension.ignored = ignored
            extension.save(update_fields=["ignored"])
        text = ngettext("%(count)s extension was changed.", "%(count)s extensions were changed.", len(rows))
        self.message_user(request, text % {"count": len(rows)}, messages.SUCCESS)


@admin.register(models.Device)
class DeviceAdmin(SetUpAdmin):
    """Phones and the extensions seen on them."""

    list_display = ("name", "number", "first_seen", "phone_system")
    list_filter = ("phone_system",)
    list_select_related = ("phone_system",)
    search_fields = ("name", "number")
    search_help_text = _("Device name or extension")
