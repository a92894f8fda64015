"""Security: calls that somebody should look at."""

from django.utils.translation import gettext_lazy as _

from reports.catalogue.base import CHARGING, COUNTING, Category, Report, Rule, only
from reports.engine.business_hours import OWN
from reports.engine.question import Question
from reports.special.bursts import bursts
from reports.special.locks import lock_events, refused_calls

REPORTS = (
    Report(
        "international-calls",
        Category.SECURITY,
        _("International calls"),
        _("Who has called which countries."),
        Question(
            group=("person", "country"),
            columns=("calls", "talk", "cost", "last"),
            sort="-cost",
            chart="bar",
            tests=only(direction="outgoing", call_type="international"),
        ),
        CHARGING,
    ),
    Report(
        "emergency-calls",
        Category.SECURITY,
        _("Emergency calls"),
        _("Calls to emergency numbers by office and person, the latest first."),
        Question(
            period="365d",
            group=("office", "person"),
            columns=("calls", "answered", "talk", "first", "last"),
            sort="-last",
            tests=only(call_type="emergency"),
        ),
        COUNTING,
    ),
    Report(
        "calls-at-night",
        Category.SECURITY,
        _("Calls outside business hours"),
        _(
            "Outgoing calls in the evening, at night, at weekends and on public holidays, by the clock and calendar "
            "of each office and its business hours."
        ),
        Question(
            group=("person", "hour"),
            columns=("calls", "talk", "cost", "first", "last"),
            sort="-calls",
            chart="heat",
            tests=only(kind="public", direction="outgoing", business_hours__outside=OWN),
        ),
        (*CHARGING, Rule.ZONE),
    ),
    Report(
        "lock-events",
        Category.SECURITY,
        _("Lock events"),
        _("Whose lines were locked and released, when, by whom and through what; changed and wrong PINs, too."),
        Question(period="30d", filters=frozenset({"person", "event"}), orders=("-time", "time")),
        (Rule.ZONE,),
        run=lock_events,
    ),
    Report(
        "refused-calls",
        Category.SECURITY,
        _("Calls refused while locked"),
        _("Calls that were refused because their line was locked, by person and day."),
        Question(period="30d", filters=frozenset({"person", "department", "cost_centre", "office"}), orders=()),
        (Rule.ZONE,),
        run=refused_calls,
    ),
    Report(
        "bursts",
        Category.SECURITY,
        _("Bursts of short calls"),
        _("Five or more calls of at most 15 seconds between the same two numbers within 10 minutes."),
        Question(period="30d", orders=()),
        COUNTING,
        run=bursts,
    ),
)
