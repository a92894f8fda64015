"""Calls of extensions that nobody has entered (ALM-8)."""

from collections.abc import Iterator

from django import forms
from django.db.models import Exists, F, OuterRef
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounting.models import CallRecord
from accounting.services.unknown_extensions import unknown
from alarms.kinds.base import FIELDS, Finding, Kind, Parameters, ParametersForm, subject_of
from alarms.kinds.looking import Look
from alarms.kinds.occasions import DAY, Occasions
from alarms.models import Alarm
from callanalytics.templatetags.ui import number

ONCE = "once"


class UnknownExtensionsForm(ParametersForm):
    """Asks how often an extension is told."""

    repeat = forms.ChoiceField(
        label=gettext_lazy("Tell of an extension"), initial=ONCE,
        choices=[(ONCE, gettext_lazy("once")), (DAY, gettext_lazy("on each day with calls"))],
    )  # fmt: skip


class UnknownExtensions(Kind):
    """Calls from or to own extensions that no person holds, as the list of unknown extensions has them."""

    slug = "unknown_extensions"
    label = gettext_lazy("Unknown extensions")
    description = gettext_lazy(
        "Tells of calls from or to extensions that nobody holds. Those that were entered as of no person do not count."
    )
    icon = "user-x"
    form = UnknownExtensionsForm

    def find(self, parameters: Parameters, look: Look) -> Iterator[Finding]:
        """Return a finding for each unknown extension with calls, of each day where that is asked for."""
        days, daily = Occasions(DAY, look.zone), parameters.get("repeat", ONCE) == DAY
        found: dict[str, list[CallRecord]] = {}
        extension = unknown().filter(phone_system_id=OuterRef("phone_system_id"), number=OuterRef("extension"))
        records = look.arrivals().filter(Exists(extension), user_id=None).exclude(hunt_pilot=F("extension"))
        for record in look.rows(records.order_by("started_at", "pk").only(*FIELDS)):
            day = f":{days.of(record.started_at).name}" if daily else ""
            found.setdefault(f"{record.phone_system_id}:{record.extension}{day}", []).append(record)
        for key, calls in found.items():
            yield Finding(
                key, calls[0].started_at, subject_of(calls[0]), until=max(one.ended_at for one in calls),
                calls=len(calls), records=tuple(calls), known_at=calls[0].ended_at,
            )  # fmt: skip

    def sentence(self, alarm: Alarm) -> str:
        """Return how many calls there were."""
        text = ngettext(
            "%(number)s call of an extension that nobody holds",
            "%(number)s calls of an extension that nobody holds",
            alarm.calls,
        )
        return text % {"number": number(alarm.calls)}

    def in_words(self, parameters: Parameters) -> list[str]:
        """Return how often an extension is told."""
        return [_("each day anew") if parameters.get("repeat", ONCE) == DAY else _("each extension once")]
