"""Webhooks in the set-up, each with a test message."""

import uuid
from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST

from accounting.admin.site import SetUpAdmin
from accounting.services.connection_tests import Finding, within
from alarms.forms.webhooks import WebhookForm
from alarms.models import Webhook
from alarms.services.calling import Outcome, call
from alarms.services.webhook_bodies import test_body
from alarms.services.webhooks import masked
from callanalytics.templatetags.ui import mail_address

LONGEST_TEST = 15.0
"""Seconds."""


@admin.register(Webhook)
class WebhookAdmin(SetUpAdmin):
    """Webhooks."""

    form = WebhookForm
    list_display = ("name", "kind", "shown_address", "active", "rules_count")
    list_filter = ("kind", "active")
    search_fields = ("name",)
    search_help_text = _("Name")
    fieldsets = (
        (
            None,
            {
                "fields": (("name", "kind"), "address", "active"),
                "description": _(
                    "Supervisors and administrators choose webhooks in their scheduled alarms. Messages hold what the "
                    "owner of the scheduled alarm may see."
                ),
            },
        ),
        (_("Security"), {"fields": ("secret", "verify_tls")}),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return webhooks with the number of rules that post to them."""
        kept = Count("rules", filter=Q(rules__deleted_at__isnull=True))
        found: QuerySet[Any] = super().get_queryset(request).annotate(kept_rules=kept)
        return found

    @admin.display(description=_("address"))
    def shown_address(self, webhook: Webhook) -> SafeString:
        """Return the address as far as it lets nobody post there."""
        return format_html('<bdi dir="ltr">{}</bdi>', mail_address(masked(webhook.address)))

    @admin.display(description=_("scheduled alarms"), ordering="kept_rules")
    def rules_count(self, webhook: Any) -> int:
        """Return how many rules post to it."""
        return int(webhook.kept_rules)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Store it, with a warning when messages can be read on their way."""
        super().save_model(request, obj, form, change)
        if obj.address.startswith("http:"):
            messages.warning(request, gettext("The address begins with http: messages are not encrypted on their way."))
        if not obj.verify_tls:
            messages.warning(
                request, gettext("The certificate is not checked: messages could be read by somebody else.")
            )

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> tuple[list[Any], Any, set[str], list[Any]]:
        """Return what deleting takes along: the messages, counted; rules that post to it keep it."""
        kept = [rule for webhook in objs for rule in webhook.rules.kept()]
        reasons = [gettext("Scheduled alarm “%(rule)s”") % {"rule": rule.name} for rule in kept]
        names = [str(webhook) for webhook in objs]
        counts = {
            str(Webhook._meta.verbose_name_plural): len(names),
            gettext("webhook messages"): sum(webhook.messages.count() for webhook in objs),
        }
        return names, counts, set(), reasons

    def get_urls(self) -> list[URLPattern]:
        """Return the pages, with the test of one webhook."""
        test = path("<int:pk>/test/", self.admin_site.admin_view(self.test_view), name="alarms_webhook_test")
        return [test, *super().get_urls()]

    @method_decorator(require_POST)
    def test_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Post a test message at once and return to the form with what the receiver has answered."""
        webhook = self.get_object(request, str(pk))
        if webhook is None:
            raise Http404
        finding = within(LONGEST_TEST, lambda: tried(webhook))
        messages.add_message(request, messages.SUCCESS if finding.well else messages.ERROR, finding.text)
        return redirect(reverse("admin:alarms_webhook_change", args=[pk]))


def tried(webhook: Webhook) -> Finding:
    """Post a test message; return what the receiver has answered, in words."""
    identity = str(uuid.uuid4())
    outcome: Outcome = call(webhook, identity, test_body(webhook.kind, identity))
    if outcome.taken:
        text = gettext("The receiver has taken the test message. Its answer: %(answer)s")
        return Finding(True, text % {"answer": outcome.answer})
    text = gettext("The test message was not taken. %(reason)s %(answer)s")
    return Finding(False, (text % {"reason": outcome.fault.label, "answer": outcome.answer}).strip())
