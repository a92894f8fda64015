"""The steps by which an administrator sees that lines can be exchanged by AXL, and phones be found."""

from django.utils.translation import gettext as _

from accounting.models import Device, Extension
from accounting.querysets.validity import held_now
from accounting.services.axl import Publisher
from accounting.services.connection_tests import STEP_SECONDS
from phonelock.engines.axl_client import NOT_FOUND, AxlClient
from phonelock.engines.base import EngineFault
from phonelock.engines.soap import SoapFault
from phonelock.models import LockSetUp
from phonelock.services.displays import DESK_PHONE
from phonelock.services.findings import Found, Light
from phonelock.services.registrations import addresses_of


def client_of(set_up: LockSetUp) -> AxlClient:
    """Return the connection to a publisher, in the version of the set-up."""
    return AxlClient(Publisher.of(set_up.phone_system), set_up.axl_schema, STEP_SECONDS)


def schema_spoken(set_up: LockSetUp) -> Found:
    """Ask for the version in the AXL version that is entered."""
    client = client_of(set_up)
    try:
        version = client.version()
    except EngineFault as fault:
        return Found(Light.BAD, str(fault))
    finally:
        client.close()
    text = _("The publisher, version %(version)s, speaks AXL %(schema)s.")
    return Found(Light.GOOD, text % {"version": version, "schema": set_up.axl_schema})


def locked_css_there(set_up: LockSetUp) -> Found:
    """See whether the calling search space of locked lines exists."""
    name = set_up.locked_css
    if not name:
        return Found(Light.BAD, _("Enter the calling search space of locked lines: without it nothing is locked."))
    client = client_of(set_up)
    try:
        there = client.has_css(name)
    except EngineFault as fault:
        return Found(Light.BAD, str(fault))
    finally:
        client.close()
    if not there:
        text = _("The phone system has no calling search space %(name)s.")
        return Found(Light.BAD, text % {"name": name})
    text = _(
        "%(name)s exists. Lock a line and call an outside number: whether its patterns block calls shows only then."
    )
    return Found(Light.GOOD, text % {"name": name})


def line_readable(set_up: LockSetUp) -> Found:
    """Read a line that somebody holds, in the partition that is entered."""
    held = held_now().filter(extension__phone_system=set_up.phone_system_id).values("extension")
    line = Extension.objects.filter(pk__in=held).first()
    if line is None:
        return Found(Light.WARNING, _("Nobody holds a line of this phone system yet."))
    facts = {"number": line.number, "partition": set_up.route_partition or _("no partition")}
    client = client_of(set_up)
    try:
        seen = client.line(line.number, set_up.route_partition)
    except SoapFault as fault:
        if fault.code != NOT_FOUND:
            return Found(Light.BAD, str(fault))
        text = _("The phone system does not know line %(number)s (%(partition)s). Is the partition right?")
        return Found(Light.BAD, text % facts)
    except EngineFault as fault:
        return Found(Light.BAD, str(fault))
    finally:
        client.close()
    facts["css"] = seen.css.name or _("no calling search space")
    return Found(Light.GOOD, _("Line %(number)s (%(partition)s) can be read: %(css)s.") % facts)


def phones_known(set_up: LockSetUp) -> Found:
    """Ask where a phone is registered, a desk phone if there is one: soft phones are off most of the time."""
    if not set_up.phone_system.address:
        return Found(Light.BAD, _("Enter publisher and AXL user at the phone system first."))
    known = Device.objects.filter(phone_system=set_up.phone_system_id).values_list("name", flat=True)
    name = known.filter(name__startswith=DESK_PHONE).first() or known.first()
    if name is None:
        return Found(Light.WARNING, _("No phone of this phone system is known yet; phones are found in calls."))
    try:
        found = addresses_of(set_up, [name]).get(name)
    except EngineFault as fault:
        return Found(Light.BAD, str(fault))
    if found is None or not found.registered:
        text = _("The phone system tells where phones are; %(device)s is not registered at the moment.")
        return Found(Light.WARNING, text % {"device": name})
    text = _("The phone system tells where phones are: %(device)s is at %(address)s.")
    facts = {"device": name, "address": found.address}
    if found.web_server is False:
        text = _("%(device)s is at %(address)s, but its web server is off: enable Web Access in its configuration.")
        return Found(Light.WARNING, text % facts)
    return Found(Light.GOOD, text % facts)
