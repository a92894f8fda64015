"""The form of a webhook: its address can be typed, but is not shown again, since whoever knows it can post there."""

from typing import Any
from urllib.parse import urlsplit

import httpx
from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounting.forms.secret_field import SecretField
from alarms.models import Webhook
from alarms.services.webhooks import masked

LONGEST_ADDRESS = 2000
SCHEMES = ("http", "https")


class WebhookForm(forms.ModelForm[Webhook]):
    """Name, what the receiver understands, and where it is."""

    address = forms.CharField(
        label=gettext_lazy("address"), required=False, max_length=LONGEST_ADDRESS,
        widget=forms.TextInput(attrs={"dir": "ltr", "spellcheck": "false", "autocomplete": "off"}),
    )  # fmt: skip

    class Meta:
        model = Webhook
        fields = ("name", "kind", "address", "secret", "verify_tls", "active")
        field_classes = {"secret": SecretField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["address"] = ""
        stored = masked(self.instance.address)
        field = self.fields["address"]
        field.help_text = _("Who knows it can post there; it is stored encrypted and not shown again.")
        if stored:
            field.widget.attrs["placeholder"] = _("%(address)s – unchanged when left empty") % {"address": stored}

    def clean_address(self) -> str | None:
        """Take the address of a web server; None leaves the stored one as it is."""
        address = str(self.cleaned_data["address"]).strip()
        if not address and self.instance.address:
            return None
        if not is_address(address):
            raise ValidationError(_("Enter the whole address, for instance https://example.com/hooks/calls."))
        return address


def is_address(address: str) -> bool:
    """Return whether something could be posted to an address."""
    try:
        parts = urlsplit(address)
        port = parts.port
        httpx.URL(address)
    except (ValueError, httpx.InvalidURL):
        return False
    spaces = any(sign.isspace() or not sign.isprintable() for sign in address)
    return parts.scheme in SCHEMES and bool(parts.hostname) and port != 0 and not spaces
