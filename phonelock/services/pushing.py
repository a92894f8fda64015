"""Shows and clears locks on the displays of phones: one message at a time for each phone, again while it fails."""

import base64
import ipaddress
import re
import secrets
import socket
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from urllib.parse import quote, urlencode

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Min, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from lxml import etree

from phonelock.engines.base import EngineFault
from phonelock.engines.ris import Registration
from phonelock.models import LockSetUp, PhoneDisplay
from phonelock.services.authentication import USER
from phonelock.services.phone_models import PhoneModel, model_by_load
from phonelock.services.registrations import addresses_of
from phonelock.simulator.phones import address_for

log = structlog.get_logger(__name__)
SECONDS = 3.0
"""For connecting and for the whole answer, each."""
LEASE = timedelta(minutes=1)
AT_ONCE, THREADS = 64, 16
LONGEST_RUN = 20.0
LONGEST_ANSWER = 4096
DELAYS = [timedelta(seconds=seconds) for seconds in (15, 60, 300, 900, 3600)]
"""After the first, second, ... failure; the last again and again while the lock holds."""
NOW, WHEN_IDLE = "0", "2"
FAULT = re.compile(rb"<CiscoIPPhoneError[^>]*\bNumber=[\"'](\d+)", re.IGNORECASE)
ITEM = re.compile(rb"<ResponseItem[^>]*\bStatus=[\"'](\d+)[^>]*>", re.IGNORECASE)
SAID = re.compile(rb"\bData=[\"']([^\"']{0,32})", re.IGNORECASE)
FAULTS: dict[int, Promise] = {
    1: gettext_lazy("The phone could not read the message (error 1)."),
    2: gettext_lazy("The phone could not answer (error 2)."),
    3: gettext_lazy("The phone has an internal fault (error 3)."),
    4: gettext_lazy(
        "The phone could not confirm the message (error 4): its authentication address must lead to the portal."
    ),
}
NO_WEB = gettext_lazy("The phone's web access is switched off: enable it in UCM.")


class NotShown(Exception):  # noqa: N818  (what people read)
    """A phone has not taken a message; the text says why and what to look at."""


@dataclass(slots=True)
class Push:
    """What is to be sent to one phone."""

    set_up: LockSetUp
    rows: list[PhoneDisplay]
    lease: datetime
    without_web: bool = False
    """Whether the phone system says that the phone takes no messages."""
    secret: str = field(default_factory=lambda: secrets.token_urlsafe(24), repr=False)

    @property
    def head(self) -> PhoneDisplay:
        """The row that holds the claim on the phone."""
        return self.rows[0]

    @property
    def locked(self) -> bool:
        """Whether any line of the phone is to be shown as locked."""
        return any(row.wanted for row in self.rows)

    @property
    def model(self) -> PhoneModel:
        """The phone's model, as far as it is known."""
        return PhoneModel(self.head.model)


def push_due() -> int:
    """Send what is due, for at most LONGEST_RUN seconds; return how many phones have taken it."""
    taken, end = 0, time.monotonic() + LONGEST_RUN
    while time.monotonic() < end and (pushes := claim()):
        taken += push_all(pushes)
    return taken


def anything_due() -> bool:
    """Return whether phones wait."""
    return PhoneDisplay.objects.filter(due_at__lte=timezone.now()).exists()


def claim(wanted: Iterable[str] = ()) -> list[Push]:
    """Take some phones that are due, or those of these names whether due or not.

    The claim stands in each phone's first row, so that nobody else sends to it.
    """
    now = timezone.now()
    lease = now + LEASE
    with transaction.atomic():
        due = PhoneDisplay.objects.filter(due_at__lte=now).order_by().values_list("device_name", flat=True).distinct()
        names = set(wanted) or set(due[:AT_ONCE])
        firsts = PhoneDisplay.objects.filter(device_name__in=names).order_by()
        heads = [one["first"] for one in firsts.values("phone_system", "device_name").annotate(first=Min("pk"))]
        free = PhoneDisplay.objects.filter(Q(working_until=None) | Q(working_until__lte=now), pk__in=heads)
        mine = list(free.select_for_update(skip_locked=True).values_list("pk", flat=True))
        PhoneDisplay.objects.filter(pk__in=mine).update(working_until=lease)
    return pushes_of(mine, lease)


def pushes_of(heads: Sequence[int], lease: datetime) -> list[Push]:
    """Return what is to be sent to the claimed phones, each with all its lines."""
    firsts = {(row.phone_system_id, row.device_name): row.pk for row in PhoneDisplay.objects.filter(pk__in=list(heads))}
    set_ups = {one.phone_system_id: one for one in LockSetUp.objects.select_related("phone_system")}
    rows: dict[int, list[PhoneDisplay]] = {}
    for row in PhoneDisplay.objects.filter(device_name__in={name for _system, name in firsts}).order_by("pk"):
        if (row.phone_system_id, row.device_name) in firsts:
            rows.setdefault(firsts[row.phone_system_id, row.device_name], []).append(row)
    return [
        Push(set_ups.get(group[0].phone_system_id) or LockSetUp(), group, lease) for group in rows.values() if group
    ]


def push_all(pushes: list[Push]) -> int:
    """Send to these phones side by side, and store how it ended; return how many have taken it."""
    look_up(pushes)
    now = timezone.now()
    for push in pushes:
        PhoneDisplay.objects.filter(pk__in=[row.pk for row in push.rows]).update(secret=push.secret, sent_at=now)
    with ThreadPoolExecutor(THREADS) as threads:
        faults = list(threads.map(fault_of, pushes))
    for push, fault in zip(pushes, faults, strict=True):
        settle(push, fault)
    return faults.count("")


def look_up(pushes: Iterable[Push]) -> None:
    """Ask the phone systems where these phones are; what they cannot tell now stays as it was known."""
    by_system: dict[int, list[Push]] = {}
    for push in pushes:
        if settings.DEMO_PHONES:
            name = push.head.device_name
            note_registration(push, Registration(name, address_for(name), load="sip88xx", registered=True))
        elif push.set_up.pk and push.set_up.phone_system.address:
            by_system.setdefault(push.set_up.phone_system_id, []).append(push)
    for group in by_system.values():
        try:
            found = addresses_of(group[0].set_up, [push.head.device_name for push in group])
        except EngineFault as fault:
            log.warning("registrations_not_known", phone_system=group[0].set_up.phone_system_id, reason=str(fault))
            continue
        for push in group:
            note_registration(push, found.get(push.head.device_name) or Registration(""))


def note_registration(push: Push, found: Registration) -> None:
    """Keep where a phone is, and its model while it has not named one itself."""
    head, now = push.head, timezone.now()
    head.address, head.model = found.address or None, head.model or model_by_load(found.load)
    push.without_web = found.web_server is False
    rows = PhoneDisplay.objects.filter(pk__in=[row.pk for row in push.rows])
    rows.update(address=head.address, model=head.model, looked_up_at=now)


def fault_of(push: Push) -> str:
    """Send to one phone; return why it has not taken it, '' when it has. Runs in a thread: touches no table."""
    try:
        send(push)
    except NotShown as fault:
        return str(fault)
    return ""


def send(push: Push) -> None:
    """Send to one phone; raise NotShown with the reason."""
    address = push.head.address
    if not address:
        raise NotShown(_("The phone is not registered, or the phone system does not tell its address."))
    if push.without_web:
        raise NotShown(str(NO_WEB))
    if not within(push.set_up.phone_networks, address):
        raise NotShown(_("The phone's address %(address)s is in none of the networks entered.") % {"address": address})
    answer = posted(address, USER, push.secret, message(push))
    check(answer)


def within(networks: str, address: str) -> bool:
    """Return whether an address lies in one of the networks, written with commas or blanks between them."""
    for part in re.split(r"[,;\s]+", networks.strip()):
        try:
            if part and ipaddress.ip_address(address) in ipaddress.ip_network(part, strict=False):
                return True
        except ValueError:
            continue
    return False


def message(push: Push) -> bytes:
    """Return what the phone is to do: fetch its status from the portal, or clear what stands above its calls.

    A text comes up only while the phone is idle; a status disturbs nobody.
    """
    root = etree.Element("CiscoIPPhoneExecute")
    item = etree.SubElement(root, "ExecuteItem")
    by_status = push.model.shows_status
    item.set("Priority", NOW if by_status else WHEN_IDLE)
    item.set("URL", "Init:AppStatus" if by_status and not push.locked else status_address(push))
    content: bytes = etree.tostring(root, xml_declaration=True, encoding="utf-8")
    return content


def status_address(push: Push) -> str:
    """Return where the phone finds what to show."""
    return f"{base_of(push.set_up)}{reverse('phone_status')}?{urlencode({'d': push.head.device_name})}"


def base_of(set_up: LockSetUp) -> str:
    """Return under which address phones reach the portal."""
    return (set_up.phone_address or settings.PORTAL_URL).rstrip("/")


def posted(address: str, user: str, password: str, content: bytes) -> bytes:
    """Post a message to a phone; return its answer, head and all. Raises NotShown; takes at most twice SECONDS."""
    body = b"XML=" + quote(content, safe="").encode()
    login = base64.b64encode(f"{user}:{password}".encode()).decode()
    host = f"[{address}]" if ":" in address else address
    head = (
        f"POST /CGI/Execute HTTP/1.1\r\nHost: {host}\r\nAuthorization: Basic {login}\r\nConnection: close\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    answer = b""
    try:
        with socket.create_connection((address, settings.PHONE_PORT), timeout=SECONDS) as line:
            deadline = time.monotonic() + SECONDS
            line.sendall(head.encode() + body)
            while len(answer) < LONGEST_ANSWER and (left := deadline - time.monotonic()) > 0:
                line.settimeout(left)
                part = line.recv(LONGEST_ANSWER)
                if not part:
                    break
                answer += part
    except ConnectionRefusedError as error:
        raise NotShown(str(NO_WEB)) from error
    except OSError as error:
        raise NotShown(_("The phone does not answer.")) from error
    return answer


def check(answer: bytes) -> None:
    """Raise NotShown unless the phone says that it has done what the message asks for."""
    head, _separator, body = answer.partition(b"\r\n\r\n")
    if fault := FAULT.search(body):
        number = int(fault[1])
        raise NotShown(str(FAULTS.get(number) or _("The phone reports error %(number)s.") % {"number": number}))
    status = head.split(b" ", 2)[1:2]
    if status == [b"401"]:
        raise NotShown(str(FAULTS[4]))
    if status != [b"200"]:
        shown = status[0].decode("ascii", "replace")[:3] if status else "-"
        raise NotShown(_("The phone answers with HTTP status %(status)s.") % {"status": shown})
    items = list(ITEM.finditer(body))
    if not items:
        raise NotShown(_("What answers at the phone's address is no phone."))
    if int(items[0][1]):
        said = SAID.search(items[0][0])
        reason = said[1].decode("utf-8", "replace") if said else items[0][1].decode()
        raise NotShown(_("The phone could not show it: %(reason)s.") % {"reason": reason})


def settle(push: Push, fault: str) -> None:
    """Store how sending ended, for each line that is still wanted as it was sent; others stay due."""
    now = timezone.now()
    values = failed(push, fault, now) if fault else succeeded(push, now)
    with transaction.atomic():
        if not PhoneDisplay.objects.filter(pk=push.head.pk, working_until=push.lease).update(working_until=None):
            return
        for wanted in (True, False):
            same = [row.pk for row in push.rows if row.wanted == wanted]
            shown = {} if fault else {"shown": wanted}
            PhoneDisplay.objects.filter(pk__in=same, wanted=wanted).update(**values, **shown)
    if fault and push.head.attempts == 0:
        log.warning("phone_not_reached", device=push.head.device_name, reason=fault)


def succeeded(push: Push, now: datetime) -> dict[str, object]:
    """Return what is stored when the phone has taken it: a status is shown again and again, a text is not."""
    again = timedelta(minutes=push.set_up.push_again_minutes)
    repeats = push.locked and push.model.shows_status and again
    return {"attempts": 0, "error": "", "secret": "", "due_at": now + again if repeats else None}


def failed(push: Push, fault: str, now: datetime) -> dict[str, object]:
    """Return what is stored when it has not: a phone that cannot be cleared is given up in the end."""
    tries = push.head.attempts + 1
    over = not push.locked and tries > len(DELAYS)
    due = None if over else now + DELAYS[min(tries, len(DELAYS)) - 1]
    return {"attempts": tries, "error": fault[:300], "secret": "", "due_at": due}
