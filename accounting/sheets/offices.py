"""Offices as a sheet."""

from functools import lru_cache

from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from phonenumbers import SUPPORTED_REGIONS

from accounting.models import Office, UnitKind
from accounting.models.organization import validate_hours, validate_zone
from accounting.sheets.base import Column, text_up_to, whole_number
from accounting.sheets.flat import FlatSheet, matching


def country(text: str) -> str:
    """Return a country's two letters."""
    code = text.upper()
    if code not in SUPPORTED_REGIONS:
        raise ValidationError(
            gettext("“%(value)s” is not a country; write two letters, for instance DE."), params={"value": text}
        )
    return code


@lru_cache(maxsize=1000)
def zone(text: str) -> str:
    """Return a time zone; asking whether there is one searches the disk."""
    validate_zone(text)
    return text


def hours(text: str) -> str:
    """Return hours of the day as they are written."""
    validate_hours(text)
    return text


class Offices(FlatSheet):
    """Offices with what decides how numbers dialled there are read."""

    kind = "offices"
    label = _("Offices")
    description = _("Locations with country, area code, time zone and outside line.")
    icon = "map-pin"
    model = Office
    unit_kind = UnitKind.OFFICE
    key_columns = ("name",)
    missing_text = _("Remove offices that are not in the file, unless something refers to them")
    page = "admin:accounting_office_changelist"
    columns = (
        Column("name", _("name"), required=True, example="Berlin", read=text_up_to(80)),
        Column(
            "country", _("country"), required=True, example="DE", read=country,
            help=_("Two letters, for instance DE."),
        ),
        Column(
            "subdivision", _("state or region"), example="BE", read=text_up_to(8),
            help=_("For public holidays, for instance BE for Berlin."),
        ),
        Column(
            "area_code", _("area code"), example="30", read=matching(r"\d{1,8}", _("“%(value)s” is not an area code.")),
            help=_("Without the national prefix, for instance 30 for Berlin."),
        ),
        Column(
            "time_zone", _("time zone"), required=True, example="Europe/Berlin", read=zone,
            help=_("For instance Europe/Berlin."),
        ),
        Column(
            "business_hours", _("business hours"), example="08:00-18:00", default="08:00-18:00", read=hours,
            help=_("On working days, for instance 08:00-18:00 or 08:00-12:00, 13:00-17:00."),
        ),
        Column(
            "access_code", _("outside line"), example="0",
            read=matching(r"[0-9*#]{1,4}", _("“%(value)s” is not what people dial for an outside line.")),
            help=_("What people dial first for the public network, for instance 0."),
        ),
        Column(
            "private_prefix", _("private prefix"), example="8",
            read=matching(r"[0-9*#]{1,8}", _("“%(value)s” is not what people dial before a private call.")),
            help=_("What people dial before a private call, for instance 8: before the outside line or in its place."),
        ),
        Column(
            "extension_digits", _("longest extension"), example="4", default="6", read=whole_number(1, 15),
            help=_("Numbers with at most this many digits are taken for extensions."),
        ),
    )  # fmt: skip
