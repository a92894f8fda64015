"""The field for secrets: what is stored is never shown again, stays when nothing is typed, and can be cleared."""

from typing import Any

from django import forms
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _


class SecretInput(forms.MultiWidget):
    """An empty password box, and a box to mark that removes what is stored."""

    use_fieldset = False

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        entry = forms.PasswordInput(attrs={"autocomplete": "new-password", "spellcheck": "false"})
        super().__init__([entry, forms.CheckboxInput()], attrs)

    def decompress(self, value: Any) -> list[Any]:
        """Return nothing: the stored secret stays where it is."""
        return [None, False]

    def id_for_label(self, id_: str) -> str:
        """Return the id of the password box."""
        return f"{id_}_0" if id_ else id_

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        """Return both boxes; the second one only where something is stored."""
        stored = bool(value) and not isinstance(value, list)
        attrs = dict(attrs or {}) | ({"placeholder": _("Unchanged when left empty")} if stored else {})
        identity = attrs.pop("id", f"id_{name}")
        entry = self.widgets[0].render(f"{name}_0", None, {**self.attrs, **attrs, "id": f"{identity}_0"}, renderer)
        if not stored:
            return entry
        clear = self.widgets[1].render(f"{name}_1", False, {"id": f"{identity}_1"}, renderer)
        words = _("Remove the stored password")
        return format_html(
            '{}<span class="secret-clear">{} <label for="{}_1">{}</label></span>', entry, clear, identity, words
        )


class SecretField(forms.MultiValueField):
    """A secret of a form: None when it stays as it is, '' when it is removed, else the new one."""

    widget = SecretInput

    def __init__(self, **kwargs: Any) -> None:
        shown = {key: kwargs[key] for key in ("label", "help_text", "initial", "disabled") if key in kwargs}
        parts = (forms.CharField(required=False, strip=False), forms.BooleanField(required=False))
        super().__init__(parts, require_all_fields=False, required=False, **shown)

    def compress(self, data_list: list[Any]) -> str | None:
        """Return what the two boxes mean together."""
        typed, cleared = data_list or ("", False)
        if typed:
            return str(typed)
        return "" if cleared else None

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Whether something is typed or marked."""
        return any(data or ())
