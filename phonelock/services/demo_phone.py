"""The demo's desk phone: a simulated one that fetches the portal's pages for phones as a real one does."""

import http.client
import json
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from django.conf import settings

from accounting.models import Device, Extension, User
from phonelock.services.displays import desk_phones
from phonelock.services.locking import lines_of

SECONDS = 12.0
Screen = dict[str, Any]
"""What the phone shows: kind, title, prompt, text, items, fields, entries, status; see simulator.phone_server."""


class PhoneAway(Exception):  # noqa: N818  (what people read)
    """The simulated phones do not run."""


def phones_of(person: User) -> list[Device]:
    """Return the desk phones with a line of a person, by name."""
    held = Extension.objects.filter(pk__in=lines_of([person.pk]))
    return desk_phones(set(held.values_list("phone_system_id", "number")))


def screen_of(name: str, language: str) -> Screen:
    """Return what a phone shows; raises PhoneAway."""
    return asked("GET", name, language, None)


def pressed(name: str, language: str, key: str, place: int = 0, values: list[str] | None = None) -> Screen:
    """Press a key, and return what the phone shows then; raises PhoneAway."""
    return asked("POST", name, language, {"key": key, "place": place, "values": values or []})


def asked(method: str, name: str, language: str, told: dict[str, Any] | None) -> Screen:
    """Ask the process of the simulated phones."""
    parts = urlsplit(settings.DEMO_PHONES)
    line = http.client.HTTPConnection(parts.hostname or "", parts.port or 0, timeout=SECONDS)
    try:
        body = None if told is None else json.dumps(told)
        line.request(method, f"/{quote(name)}?{urlencode({'language': language})}", body)
        found: Screen = json.loads(line.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError) as error:
        raise PhoneAway from error
    finally:
        line.close()
    return found
