"""The form of the mail server: what could never be reached is refused before it is stored."""

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounting.models import MailServer

HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.:_-]{0,198}[A-Za-z0-9])?")
DOMAIN = re.compile(r"@?[^\s@]+\.[^\s@.]+")


class MailServerForm(forms.ModelForm[MailServer]):
    """Server, account, sender and the domains to which mails may go."""

    port = forms.IntegerField(label=_("port"), min_value=1, max_value=65535)

    class Meta:
        model = MailServer
        fields = "__all__"  # noqa: DJ007  (every field is a setting)

    def clean_host(self) -> str:
        """Take a host name or an address only."""
        host = str(self.cleaned_data["host"]).strip()
        if host and (not HOST.fullmatch(host) or ".." in host):
            raise ValidationError(_("Enter a host name or an address, for instance smtp.example.com."))
        return host

    def clean_allowed_domains(self) -> str:
        """Take one domain on each line."""
        lines = [line.strip() for line in str(self.cleaned_data["allowed_domains"]).splitlines() if line.strip()]
        for line in lines:
            if not DOMAIN.fullmatch(line):
                raise ValidationError(
                    _("“%(value)s” is not a domain, for instance example.com."), params={"value": line}
                )
        return "\n".join(lines)

    def clean(self) -> dict[str, Any]:
        """Refuse domains together with the leave to write to every address: one of the two would hold for nothing."""
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        if cleaned.get("allowed_domains") and cleaned.get("every_address"):
            self.add_error("every_address", _("Mails cannot go to every address and to the named domains only."))
        return cleaned
