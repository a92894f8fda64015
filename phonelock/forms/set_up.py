"""How Phone Lock works with a phone system, and the question that the test page asks."""

import ipaddress
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.forms.boundfield import BoundField
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounting.services.axl import SCHEMAS
from phonelock.models import EngineKind, LockSetUp

PARTS: tuple[tuple[str, str | Promise, str | Promise, tuple[str, ...]], ...] = (
    ("engine", _("Engine"), _("What bars the calls of locked lines."), ("engine",)),
    (
        "call-control", _("External Call Control"),
        _("UCM asks the portal about each call that a pattern with its profile would send to the outside."),
        ("on_failure",),
    ),
    (
        "axl", _("AXL"),
        _("Uses the publisher and the AXL user of the phone system. Not needed for External Call Control."),
        ("axl_schema", "route_partition", "locked_css", "reconcile_minutes", "line_text"),
    ),
    (
        "phones", _("Desk phones"), _("How phones reach the portal, and what they show."),
        ("phone_address", "phone_networks", "push_again_minutes", "authentication_address", "push", "pin_for_calls",
         "match_address"),
    ),
)  # fmt: skip
TECHNICAL = ("route_partition", "locked_css", "phone_address", "phone_networks", "authentication_address")


class LockSetUpForm(forms.ModelForm[LockSetUp]):
    """All settings of Phone Lock for one phone system; the key of its address is made by the portal."""

    axl_schema = forms.ChoiceField(label=_("AXL version"), choices=[(one, one) for one in SCHEMAS])

    class Meta:
        model = LockSetUp
        fields = tuple(name for _slug, _title, _text, names in PARTS for name in names)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in TECHNICAL:
            self.fields[name].widget.attrs |= {"dir": "ltr", "spellcheck": "false", "autocomplete": "off"}

    def parts(self) -> Iterator[tuple[str, str | Promise, str | Promise, list[BoundField], list[BoundField]]]:
        """Give the parts of the page: name, heading, explanation, fields, and boxes to mark."""
        for slug, title, text, names in PARTS:
            fields = [self[name] for name in names]
            boxes = [field for field in fields if field.widget_type == "checkbox"]
            yield slug, title, text, [field for field in fields if field not in boxes], boxes

    def clean_phone_networks(self) -> str:
        """Take networks and addresses."""
        parts = [part for part in re.split(r"[,;\s]+", self.cleaned_data["phone_networks"]) if part]
        for part in parts:
            try:
                ipaddress.ip_network(part, strict=False)
            except ValueError as error:
                text = _("“%(value)s” is no network, for instance 10.1.0.0/16.")
                raise ValidationError(text, params={"value": part}) from error
        return ", ".join(parts)

    def clean_phone_address(self) -> str:
        """Take the address of a server, without a path."""
        return server_address(self.cleaned_data["phone_address"], with_path=False)

    def clean_authentication_address(self) -> str:
        """Take an address with its path."""
        return server_address(self.cleaned_data["authentication_address"], with_path=True)

    def clean(self) -> dict[str, Any]:
        """Check what belongs together."""
        values = super().clean() or {}
        if values.get("engine") == EngineKind.AXL:
            if not values.get("locked_css"):
                self.add_error("locked_css", _("The engine needs the calling search space of locked lines."))
            system = self.instance.phone_system
            if not (system.address and system.axl_username):
                self.add_error("engine", _("Enter publisher and AXL user at the phone system first."))
        if values.get("push") and not values.get("phone_networks"):
            self.add_error("phone_networks", _("Enter the networks to which the portal may send."))
        return values


def server_address(text: str, *, with_path: bool) -> str:
    """Return an http or https address; raises ValidationError for what is none."""
    text = text.strip()
    if not text:
        return ""
    try:
        parts = urlsplit(text)
        fits = parts.scheme in ("http", "https") and parts.hostname and (parts.port or 1)
    except ValueError:
        fits = None
    if not fits or (not with_path and parts.path.strip("/")):
        raise ValidationError(
            _("“%(value)s” is no address like http://portal.example.com:8000."), params={"value": text}
        )
    return text if with_path else text.rstrip("/")


class PhoneForm(forms.Form):
    """A phone that is to be sent what it should show."""

    device = forms.CharField(label=_("Device name"), max_length=64, help_text=_("For instance SEP001122334455."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["device"].widget.attrs |= {"dir": "ltr", "spellcheck": "false", "autocomplete": "off"}


class QuestionForm(forms.Form):
    """A call that might be made, to see what UCM would be answered."""

    calling = forms.CharField(label=_("From extension"), max_length=50)
    called = forms.CharField(label=_("Number dialled"), max_length=32)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs |= {"dir": "ltr", "spellcheck": "false", "autocomplete": "off"}
