"""The settings of the directory: its servers, sign-in, the field mapping and the timetable."""

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from cryptography.x509 import load_pem_x509_certificates
from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.forms.boundfield import BoundField
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounting.models import Directory, PhoneSystem

ATTRIBUTE = re.compile(r"[A-Za-z][A-Za-z0-9-]*(;[A-Za-z0-9-]+)*|\d+(\.\d+)+")
MAPPING = (
    "username_attribute", "key_attribute", "first_name_attribute", "last_name_attribute", "email_attribute",
    "employee_number_attribute", "language_attribute", "department_attribute", "cost_centre_attribute",
    "office_attribute", "extension_attribute", "extension_digits",
)  # fmt: skip
PARTS: tuple[tuple[str, str | Promise, str | Promise, tuple[str, ...]], ...] = (
    (
        "server", _("Server"), "",
        ("server_uri", "start_tls", "ca_certificate", "bind_dn", "bind_password", "user_base", "timeout"),
    ),
    (
        "sign-in", _("Sign-in"), _("People sign in with the password that the directory knows."),
        ("enabled", "login_filter", "administrators_group", "supervisors_group"),
    ),
    (
        "mapping", _("Field mapping"),
        _("Which attribute of an entry is which field of a person. Empty: the field is kept in the portal."), MAPPING,
    ),
    (
        "people", _("People"), _("Whom the synchronisation reads, and what it does with them."),
        ("people_filter", "page_size", "phone_system", "default_office", "leavers", "most_leavers", "create_units"),
    ),
    ("timetable", _("Timetable"), "", ("interval", "at")),
)  # fmt: skip
RANGES = {"timeout": (1, 30), "page_size": (1, 10_000), "extension_digits": (1, 20), "most_leavers": (0, 100)}


class DirectoryForm(forms.ModelForm[Directory]):
    """All settings of the directory; the stored password is never sent to a browser, nor to another server."""

    class Meta:
        model = Directory
        fields = tuple(name for _slug, _title, _text, names in PARTS for name in names)
        widgets = {
            "ca_certificate": forms.Textarea(attrs={"rows": 4, "spellcheck": "false", "dir": "ltr"}),
            "bind_password": forms.PasswordInput(attrs={"autocomplete": "new-password"}),
            "at": forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.had = (self.instance.server_uri, self.instance.bind_password)
        if self.had[1]:
            self.fields["bind_password"].help_text = _("A password is stored. Empty: it stays.")
        for name, (least, most) in RANGES.items():
            self.fields[name].validators += [MinValueValidator(least), MaxValueValidator(most)]
            self.fields[name].widget.attrs |= {"min": least, "max": most}
        for name in ("server_uri", "bind_dn", "user_base", "login_filter", "people_filter", *MAPPING[:-1]):
            self.fields[name].widget.attrs |= {"dir": "ltr", "spellcheck": "false", "autocomplete": "off"}

    def parts(self) -> Iterator[tuple[str, str | Promise, str | Promise, list[BoundField]]]:
        """Give the parts of the page: name, heading, explanation, fields."""
        for slug, title, text, names in PARTS:
            yield slug, title, text, [self[name] for name in names]

    def clean_server_uri(self) -> str:
        """Take addresses of LDAP servers only."""
        servers = str(self.cleaned_data["server_uri"]).replace(",", " ").split()
        for server in servers:
            try:
                parts = urlsplit(server)
                fits = parts.scheme in ("ldap", "ldaps") and parts.hostname and (parts.port or 1)
            except ValueError:
                fits = None
            if not fits:
                text = _("“%(value)s” is no address like ldaps://dc1.example.com.")
                raise ValidationError(text, params={"value": server})
        return " ".join(servers)

    def clean_ca_certificate(self) -> str:
        """Take certificates that can be read."""
        text = str(self.cleaned_data["ca_certificate"]).strip()
        try:
            if text:
                load_pem_x509_certificates(text.encode())
        except ValueError as error:
            raise ValidationError(_("This is no certificate in PEM form: it begins with BEGIN CERTIFICATE.")) from error
        return text

    def clean_login_filter(self) -> str:
        """Take a filter with the user name and no other percent sign."""
        text = balanced(str(self.cleaned_data["login_filter"]))
        if "%" in text.replace("%(user)s", "") or "%(user)s" not in text:
            raise ValidationError(_("The filter needs %(name)s where the user name goes."), params={"name": "%(user)s"})
        return text

    def clean_people_filter(self) -> str:
        """Take a filter with brackets that match."""
        return balanced(str(self.cleaned_data["people_filter"]))

    def clean_bind_password(self) -> str:
        """Keep the stored password when none is entered, but not for another server."""
        server, password = self.had
        entered = str(self.cleaned_data["bind_password"])
        if entered or not password or not self.cleaned_data.get("bind_dn"):
            return entered
        if server and self.cleaned_data.get("server_uri", server) != server:
            raise ValidationError(_("Enter the password again: the stored one is not sent to another server."))
        return str(password)

    def clean(self) -> dict[str, Any]:
        """Check what belongs together."""
        values = super().clean() or {}
        for name in MAPPING[:-1]:
            if values.get(name) and not ATTRIBUTE.fullmatch(values[name]):
                self.add_error(name, _("This is not the name of an attribute."))
        if values.get("start_tls") and "ldaps:" in values.get("server_uri", ""):
            self.add_error("start_tls", _("An ldaps:// connection is encrypted already."))
        if (values.get("enabled") or values.get("interval")) and not values.get("server_uri"):
            self.add_error("server_uri", _("Enter a server."))
        if values.get("server_uri") and not values.get("user_base"):
            self.add_error("user_base", _("Enter the branch that holds the people."))
        if values.get("extension_attribute") and not values.get("phone_system"):
            values["phone_system"] = self.only_phone_system()
        return values

    def only_phone_system(self) -> PhoneSystem | None:
        """Return the phone system when there is one only, else ask for it."""
        systems = PhoneSystem.objects.all()[:2]
        if len(systems) == 1:
            return systems[0]
        self.add_error("phone_system", _("Choose to which phone system the extensions belong."))
        return None


def balanced(text: str) -> str:
    """Return a filter; raise ValidationError unless it is in brackets, and each of them is closed."""
    text, depth = text.strip(), 0
    for position, letter in enumerate(text):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth <= 0 and position < len(text) - 1:
            break
    if not text.startswith("(") or not text.endswith(")") or depth != 0 or position < len(text) - 1:
        raise ValidationError(_("The brackets do not match. A filter looks like (objectClass=person)."))
    return text
