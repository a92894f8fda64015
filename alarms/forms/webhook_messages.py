"""Filters of the list of messages to webhooks."""

from django import forms
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounting.models import MailState
from alarms.models import Webhook, WebhookMessage
from callanalytics.web.filters import FilterForm

Messages = QuerySet[WebhookMessage]


class MessageFilter(FilterForm):
    """Narrows the messages by state and webhook."""

    other_keys = frozenset({"page"})

    state = forms.ChoiceField(label=gettext_lazy("State"), required=False)
    webhook = forms.ModelChoiceField(Webhook.objects.all(), label=gettext_lazy("Webhook"), required=False)

    def __init__(self, params: QueryDict) -> None:
        super().__init__(params)
        self.fields["state"].choices = [("", _("Any")), *MailState.choices]  # type: ignore[attr-defined]
        self.fields["webhook"].empty_label = _("Any")  # type: ignore[attr-defined]

    def by_state(self, messages: Messages, state: str) -> Messages:
        """Keep the messages in this state."""
        return messages.filter(state=state)

    def by_webhook(self, messages: Messages, webhook: Webhook) -> Messages:
        """Keep the messages to this webhook."""
        return messages.filter(webhook=webhook)
