"""Steps by which an administrator sees that phones reach the portal and show locks; one phone can be tried by name."""

import http.client
import urllib.request
from urllib.parse import urlencode, urlsplit

from django.urls import reverse
from django.utils.translation import gettext as _

from accounting.models import Device, Extension
from phonelock.models import LockSetUp, PhoneDisplay
from phonelock.services import pushing
from phonelock.services.authentication import REFUSED, USER
from phonelock.services.findings import Found, Light
from phonelock.services.pushing import base_of

SECONDS = 5.0
LONGEST = 200
PLAIN = urllib.request.ProxyHandler({})


class NoSuchPhone(Exception):  # noqa: N818  (what people read)
    """A phone that cannot be tried; the text says why."""


def service_address(set_up: LockSetUp) -> str:
    """Return what is entered in UCM as the address of the phone service."""
    return f"{base_of(set_up)}{reverse('phone_services')}?d=#DEVICENAME#"


def authentication_address(set_up: LockSetUp) -> str:
    """Return what is entered in UCM as the authentication address of phones."""
    return f"{base_of(set_up)}{reverse('phone_authentication')}"


def fetched(address: str) -> tuple[str, bytes]:
    """Return the type and the begin of what an address answers; raises OSError or HTTPException."""
    if urlsplit(address).scheme not in ("http", "https"):
        raise OSError(address)
    with urllib.request.build_opener(PLAIN).open(address, timeout=SECONDS) as answer:
        return answer.headers.get_content_type(), answer.read(LONGEST)


def service_answers(set_up: LockSetUp) -> Found:
    """Fetch the Services menu as a phone does; say what to enter or to mend."""
    try:
        kind, content = fetched(f"{base_of(set_up)}{reverse('phone_services')}")
    except (OSError, http.client.HTTPException, ValueError):
        text = _("Nothing answers at %(address)s. Correct the address of the portal for phones, or open the port.")
        return Found(Light.BAD, text % {"address": base_of(set_up)})
    if kind != "text/xml" or b"<CiscoIPPhone" not in content:
        return Found(Light.BAD, _("What answers at %(address)s is not the portal.") % {"address": base_of(set_up)})
    text = _("Enter in UCM as the service's address: %(address)s")
    return Found(Light.GOOD, text % {"address": service_address(set_up)})


def authentication_answers(set_up: LockSetUp) -> Found:
    """Ask with a wrong secret, as a phone does, which the portal must refuse; say what to enter or to mend."""
    query = urlencode({"UserID": USER, "Password": "wrong", "devicename": "SEP000000000000"})
    address = authentication_address(set_up)
    try:
        _kind, content = fetched(f"{address}?{query}")
    except (OSError, http.client.HTTPException, ValueError):
        content = b""
    if content != REFUSED.encode():
        return Found(Light.BAD, _("%(address)s does not answer as the portal does.") % {"address": address})
    return Found(
        Light.GOOD, _("Enter in UCM as the authentication address of phones: %(address)s") % {"address": address}
    )


def try_phone(set_up: LockSetUp, device_name: str) -> str:
    """Send a phone what it should show now; return why it was not taken, '' when it was. Raises NoSuchPhone."""
    line = line_on(set_up, device_name)
    row, _made = PhoneDisplay.objects.get_or_create(
        phone_system=set_up.phone_system, device_name=device_name, extension=line
    )
    pushes = pushing.claim([device_name])
    if not pushes:
        raise NoSuchPhone(_("A message to this phone is under way. Try again in a minute."))
    pushing.push_all(pushes)
    return PhoneDisplay.objects.get(pk=row.pk).error


def line_on(set_up: LockSetUp, device_name: str) -> Extension:
    """Return a line of a phone; raises NoSuchPhone for a phone that nobody has seen."""
    system = set_up.phone_system
    seen = Device.objects.filter(phone_system=system, name=device_name).exclude(number="").values("number")
    line = Extension.objects.filter(phone_system=system, number__in=seen).order_by("pk").first()
    if line is None:
        raise NoSuchPhone(_("No phone of this name is known here: %(name)s.") % {"name": device_name})
    return line
