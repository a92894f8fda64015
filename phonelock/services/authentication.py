"""Answers phones that ask whether a message sent to them is authorised.

Only the portal's own messages are: each carries a secret made for that phone and that moment. What other programs send
is decided by the phone system, which is asked where the set-up names its address.
"""

import http.client
from datetime import timedelta
from urllib.parse import urlencode, urlsplit

import structlog
from django.utils import timezone

from accounting.models import Device
from accounting.services.axl import AxlFault, Publisher, connect
from phonelock.models import LockSetUp, PhoneDisplay

log = structlog.get_logger(__name__)
USER = "callanalytics"
"""As whom the portal sends."""
AUTHORIZED, REFUSED, FAULT = "AUTHORIZED", "UN-AUTHORIZED", "ERROR"
FRESH = timedelta(seconds=30)
SECONDS = 3.0


def verdict_on(device_name: str, user: str, password: str) -> str:
    """Return the word that a phone expects."""
    if user == USER:
        mine = PhoneDisplay.objects.filter(
            device_name=device_name, secret=password[:64], sent_at__gt=timezone.now() - FRESH
        )
        return AUTHORIZED if password and mine.exists() else REFUSED
    set_up = set_up_of(device_name)
    if set_up is None:
        return REFUSED
    try:
        return asked_there(set_up, {"UserID": user, "Password": password, "devicename": device_name})
    except (AxlFault, OSError, http.client.HTTPException) as error:
        log.warning("authentication_not_passed_on", phone_system=set_up.phone_system_id, reason=type(error).__name__)
        return FAULT


def set_up_of(device_name: str) -> LockSetUp | None:
    """Return the set-up that says where the phone system itself answers; None where nothing is entered."""
    systems = Device.objects.filter(name=device_name).values("phone_system")
    rows = LockSetUp.objects.select_related("phone_system").exclude(authentication_address="")
    return rows.filter(phone_system__in=systems).first() or (rows.first() if rows.count() == 1 else None)


def asked_there(set_up: LockSetUp, question: dict[str, str]) -> str:
    """Return what the phone system answers; anything but its words is a fault."""
    parts = urlsplit(set_up.authentication_address)
    host = parts.hostname or ""
    line: http.client.HTTPConnection
    if parts.scheme == "https":
        publisher = Publisher(host, set_up.phone_system.certificate, "", "")
        line = connect(publisher, host, parts.port or 443, SECONDS)
    else:
        line = http.client.HTTPConnection(host, parts.port or 80, timeout=SECONDS)
    try:
        query = "&".join(part for part in (parts.query, urlencode(question)) if part)
        line.request("GET", f"{parts.path or '/'}?{query}")
        word = line.getresponse().read(64).decode("ascii", "replace").strip()
    finally:
        line.close()
    return word if word in (AUTHORIZED, REFUSED) else FAULT
