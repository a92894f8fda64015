"""The form with which call files are uploaded."""

from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _

from accounting.models import PhoneSystem


class SeveralFiles(forms.ClearableFileInput):
    """A field of the browser that takes several files."""

    allow_multiple_selected = True


class FilesField(forms.FileField):
    """One file or several."""

    widget = SeveralFiles

    def clean(self, data: Any, initial: Any = None) -> list["UploadedFile[Any]"]:
        """Return all files, each checked."""
        single = super().clean
        return [single(one, initial) for one in data] if data else [single(None, initial)]


class UploadForm(forms.Form):
    """Which phone system's files, and the files."""

    phone_system = forms.ModelChoiceField(
        label=_("Phone system"), queryset=PhoneSystem.objects.all(), empty_label=_("Please choose")
    )
    call_files = FilesField(label=_("Call files"), allow_empty_file=True)
