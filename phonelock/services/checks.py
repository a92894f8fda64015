"""The steps by which an administrator sees that Phone Lock works with a phone system; each engine enters its own."""

import http.client
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounting.services.connection_tests import TESTS
from phonelock.models import AllowedNumber, EngineKind, LockSetUp, PhoneDisplay
from phonelock.services import axl_checks
from phonelock.services.findings import Found, Light
from phonelock.services.phone_checks import authentication_answers, service_answers

SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Check:
    """One step: whom it concerns, and how it is looked at."""

    label: str | Promise
    concerns: Callable[[LockSetUp], bool]
    run: Callable[[LockSetUp], Found]


def call_control_address(set_up: LockSetUp) -> str:
    """Return what is entered in UCM as the address of the routing server; '' without a key."""
    key = set_up.call_control_key
    return f"{settings.CALL_CONTROL_URL.rstrip('/')}/ecc/{key}/" if key else ""


def by_call_control(set_up: LockSetUp) -> bool:
    """Whether UCM asks the portal."""
    return set_up.engine == EngineKind.CALL_CONTROL


def by_axl(set_up: LockSetUp) -> bool:
    """Whether calling search spaces are exchanged."""
    return set_up.engine == EngineKind.AXL


def with_phones(set_up: LockSetUp) -> bool:
    """Whether anything is entered about phones."""
    return set_up.push or bool(set_up.phone_address)


def engine_chosen(set_up: LockSetUp) -> Found:
    """Say whether anything bars calls at all."""
    if set_up.engine == EngineKind.NONE:
        return Found(Light.BAD, _("Nothing bars calls: choose an engine in the settings."))
    return Found(Light.GOOD, str(set_up.get_engine_display()))


def address_answers(set_up: LockSetUp) -> Found:
    """Look whether the portal answers at the address of call control."""
    address = call_control_address(set_up)
    if not address:
        return Found(Light.BAD, _("There is no address yet: save the settings, it is made then."))
    try:
        with urllib.request.urlopen(address, timeout=SECONDS):  # noqa: S310  (the portal's own address)
            pass
    except urllib.error.HTTPError as error:
        text = _("Something answers at %(address)s, but not the portal (status %(status)s). Correct CALL_CONTROL_URL.")
        return Found(Light.BAD, text % {"address": settings.CALL_CONTROL_URL, "status": error.code})
    except (OSError, http.client.HTTPException, ValueError):
        text = _("Nothing answers at %(address)s. Correct CALL_CONTROL_URL, or open the port for UCM.")
        return Found(Light.WARNING, text % {"address": settings.CALL_CONTROL_URL})
    text = _("The portal answers at %(address)s. UCM must reach it by the same name and port.")
    return Found(Light.GOOD, text % {"address": settings.CALL_CONTROL_URL})


def was_asked(set_up: LockSetUp) -> Found:
    """Say when UCM has last asked."""
    set_up.refresh_from_db(fields=["asked_at"])
    if set_up.asked_at is None:
        text = _(
            "UCM has never asked. Enter the address in an External Call Control profile, assign the profile to the "
            "route or translation patterns to the outside, and call an outside number from a locked line."
        )
        return Found(Light.BAD, text)
    if set_up.is_silent:
        text = _("UCM has not asked for more than an hour. Call an outside number, and run the checks again.")
        return Found(Light.WARNING, text)
    return Found(Light.GOOD, _("UCM has asked within the last hour."))


def emergency_numbers_known(set_up: LockSetUp) -> Found:
    """Say whether the portal knows which emergency numbers to let pass."""
    office = set_up.phone_system.office
    if office is None or not office.country:
        text = _(
            "The phone system has no default office with a country: only 112 and 911 pass from locked lines. Enter it, "
            "or the emergency numbers as number rules."
        )
        return Found(Light.WARNING, text)
    allowed = AllowedNumber.objects.count()
    text = ngettext(
        "Emergency numbers of %(office)s pass, and %(count)s allowed number.",
        "Emergency numbers of %(office)s pass, and %(count)s allowed numbers.",
        allowed,
    )
    return Found(Light.GOOD, text % {"office": office, "count": allowed})


def publisher_answers(set_up: LockSetUp) -> Found:
    """Connect to the publisher as the AXL user."""
    found = TESTS["ucm"].run(set_up.phone_system)
    return Found(Light.BAD if not found.well else Light.WARNING if found.warning else Light.GOOD, found.text)


def compared(set_up: LockSetUp) -> Found:
    """Say whether the latest comparison with the phone system has come to an end."""
    set_up.refresh_from_db(fields=["fault", "reconciled_at"])
    if set_up.fault:
        return Found(Light.BAD, set_up.fault)
    if set_up.reconciled_at is None:
        return Found(Light.WARNING, _("Lines have not been compared yet; that happens in the background."))
    if set_up.is_overdue:
        return Found(Light.WARNING, _("The latest comparison is long ago: see whether the worker runs."))
    return Found(Light.GOOD, _("Lines were compared with the phone system on time."))


def phones_show_it(set_up: LockSetUp) -> Found:
    """Say how many phones have taken their messages, and why others have not."""
    if not set_up.phone_networks.strip():
        return Found(Light.BAD, _("No networks of phones are entered: nothing is sent to any phone."))
    rows = PhoneDisplay.objects.filter(phone_system=set_up.phone_system_id)
    failed = rows.exclude(error="").order_by("-sent_at").first()
    if failed is not None:
        text = _("%(device)s has not shown the lock: %(error)s")
        return Found(Light.WARNING, text % {"device": failed.device_name, "error": failed.error})
    shown = rows.filter(shown=True).count()
    if not shown:
        return Found(Light.WARNING, _("No phone shows a lock yet: lock a line and look at its phone."))
    text = ngettext("%(count)s phone shows a lock.", "%(count)s phones show a lock.", shown)
    return Found(Light.GOOD, text % {"count": shown})


CHECKS: dict[str, Check] = {
    "engine": Check(gettext_lazy("Engine"), lambda _set_up: True, engine_chosen),
    "address": Check(gettext_lazy("Address of call control"), by_call_control, address_answers),
    "asked": Check(gettext_lazy("Questions of UCM"), by_call_control, was_asked),
    "emergency": Check(gettext_lazy("Emergency and allowed numbers"), by_call_control, emergency_numbers_known),
    "publisher": Check(gettext_lazy("AXL access"), by_axl, publisher_answers),
    "schema": Check(gettext_lazy("AXL version"), by_axl, axl_checks.schema_spoken),
    "locked_css": Check(gettext_lazy("Calling search space of locked lines"), by_axl, axl_checks.locked_css_there),
    "line": Check(gettext_lazy("A line on the phone system"), by_axl, axl_checks.line_readable),
    "compared": Check(gettext_lazy("Comparison of lines"), by_axl, compared),
    "services": Check(gettext_lazy("Menu of phones"), with_phones, service_answers),
    "authentication": Check(gettext_lazy("Questions of phones"), lambda set_up: set_up.push, authentication_answers),
    "registrations": Check(
        gettext_lazy("Addresses of phones"), lambda set_up: set_up.push or set_up.match_address, axl_checks.phones_known
    ),
    "phones": Check(gettext_lazy("Messages to phones"), lambda set_up: set_up.push, phones_show_it),
}
"""By name, in the order in which they are looked at; whoever adds a way of barring or showing enters its steps."""


def checks_for(set_up: LockSetUp) -> dict[str, Check]:
    """Return the steps that concern a phone system."""
    return {name: check for name, check in CHECKS.items() if check.concerns(set_up)}
