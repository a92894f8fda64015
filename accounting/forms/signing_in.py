"""The form at the portal's door."""

from typing import Any

from django.contrib.auth.forms import AuthenticationForm
from django.core.validators import MaxLengthValidator
from django.utils.translation import gettext_lazy as _


class SignInForm(AuthenticationForm):
    """User name and password; names are the same in any case of letters."""

    error_messages = AuthenticationForm.error_messages | {
        "invalid_login": _("The user name or the password is not right."),
    }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        name = self.fields["username"]
        name.label = _("User name")
        # Django only tells the browser; the throttle's column would refuse a longer name with an error.
        name.validators.append(MaxLengthValidator(150))
        name.widget.attrs |= {"autocomplete": "username", "spellcheck": "false"}

    def clean_username(self) -> str:
        """Return the name in small letters, so that the throttle counts every spelling together."""
        return str(self.cleaned_data["username"]).lower()
