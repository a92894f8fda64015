"""The form in which people choose their language and time zone."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import get_language_info, gettext
from django.utils.translation import gettext_lazy as _

from accounting.models import User
from accounting.services.zones import DefaultZone
from callanalytics.middleware import ZONES

AREAS = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")


def zone_choices() -> list[tuple[str, Any]]:
    """Return all zones by area of the world, UTC last."""
    places: dict[str, list[tuple[str, str]]] = {area: [] for area in AREAS}
    for zone in sorted(ZONES):
        area, _slash, place = zone.partition("/")
        if place and area in places:
            places[area].append((zone, zone))
    return [*places.items(), ("UTC", "UTC")]


def own_names() -> list[tuple[str, str]]:
    """Return the languages of the portal, each by what it calls itself."""
    return [(code, get_language_info(code)["name_local"].capitalize()) for code, _name in settings.LANGUAGES]


def language_choices() -> list[tuple[str, str]]:
    """Return the languages of what is sent for somebody, the owner's first."""
    return [("", gettext("The owner's language")), *own_names()]


class ProfileForm(forms.ModelForm[User]):
    """Language and zone of one person; empty means the default."""

    language = forms.ChoiceField(label=_("Language"), required=False)
    time_zone = forms.ChoiceField(label=_("Time zone"), required=False)

    class Meta:
        model = User
        fields = ("language", "time_zone")

    def __init__(self, *args: Any, default_zone: DefaultZone, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["language"].choices = [("", _("The browser's language")), *own_names()]  # type: ignore[attr-defined]
        of_office = _("The zone of your office %(office)s, %(zone)s")
        of_organisation = _("The organisation's zone, %(zone)s")
        names = {"office": default_zone.office, "zone": default_zone.name}
        default = (of_office if default_zone.office else of_organisation) % names
        self.fields["time_zone"].choices = [("", default), *zone_choices()]  # type: ignore[attr-defined]
