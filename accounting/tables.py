"""The columns of calls, one definition for the page and for exports."""

from collections.abc import Collection

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounting.services.describing import type_mark
from accounting.services.naming import NamedCall
from accounting.templatetags.calls import call_cost, call_mark, call_party
from callanalytics.templatetags.ui import duration, icon, moment
from callanalytics.web.tables import Column

CallColumn = Column[NamedCall]


def _person(call: NamedCall) -> SafeString:
    if not call.record.extension:
        return format_html('<span class="quiet">{}</span>', _("Anonymised"))
    line = format_html("<bdi>{}</bdi>", call.record.extension)
    return format_html('{}<span class="sub">{}</span>', call.owner, line) if call.owner else line


def _details(call: NamedCall) -> SafeString:
    return format_html(
        '<a class="open-row" href="{}">{}<span class="visually-hidden">{}</span></a>',
        reverse("call", args=[call.record.pk]),
        icon("chevron-right"),
        _("Details of this call"),
    )


def chosen_by(markable: Collection[int]) -> CallColumn:
    """Return the column of boxes by which calls are chosen for marking; only these calls have one."""

    def box(call: NamedCall) -> SafeString:
        if call.record.pk not in markable:
            return SafeString()
        return format_html(
            '<input class="form-check-input" type="checkbox" form="mark" name="call" value="{}" aria-label="{}">',
            call.pk,
            _("Choose the call of %(moment)s") % {"moment": moment(call.record.started_at)},
        )

    return Column("choose", gettext_lazy("Choose"), lambda call: "", box)


CALL_TYPE: CallColumn = Column(
    "type", gettext_lazy("Type"), lambda call: str(type_mark(call.record).label), lambda call: call_mark(call.record)
)
STARTED: CallColumn = Column(
    "time",
    gettext_lazy("Date and time"),
    lambda call: call.record.started_at,
    lambda call: moment(call.record.started_at),
)
PERSON: CallColumn = Column("person", gettext_lazy("Person"), lambda call: call.owner or call.record.extension, _person)
OTHER: CallColumn = Column("other", gettext_lazy("Other party"), lambda call: call.number.text, call_party)
DURATION: CallColumn = Column(
    "duration",
    gettext_lazy("Duration"),
    lambda call: call.record.duration,
    lambda call: format_html("<bdi>{}</bdi>", duration(call.record.talk_seconds)),
    numeric=True,
)
COST: CallColumn = Column(
    "cost",
    gettext_lazy("Cost"),
    lambda call: call.record.cost,
    lambda call: call_cost(call.record, call.cost_decimals),
    numeric=True,
)
GATEWAY: CallColumn = Column("gateway", gettext_lazy("Gateway"), lambda call: call.gateway, lambda call: call.gateway)
OPEN: CallColumn = Column("open", gettext_lazy("Details"), lambda call: "", _details, numeric=True)

OWN_CALLS = (CALL_TYPE, STARTED, OTHER, DURATION, COST, GATEWAY, OPEN)
ALL_CALLS = (CALL_TYPE, STARTED, PERSON, OTHER, DURATION, COST, GATEWAY, OPEN)
