"""Trunks: gateways, carriers and what goes wrong on them."""

from django.utils.translation import gettext_lazy as _

from reports.catalogue.base import CHARGING, COUNTING, Category, Report, Rule, only
from reports.engine.question import Question
from reports.special.trunks import simultaneous_calls, utilisation

REPORTS = (
    Report(
        "gateways",
        Category.TRUNKS,
        _("Gateways"),
        _("Calls and time on each gateway."),
        Question(
            group=("gateway",),
            columns=("calls", "incoming", "outgoing", "answered", "trunk", "cost", "share"),
            sort="-calls",
            chart="bar",
            tests=only(gateway__not="none"),
        ),
        (*COUNTING, Rule.TRUNK),
    ),
    Report(
        "carriers",
        Category.TRUNKS,
        _("Traffic by carrier and type"),
        _("What each carrier has charged, by call type."),
        Question(
            group=("carrier", "call_type"),
            columns=("calls", "trunk", "cost", "share"),
            sort="-cost",
            chart="stacked",
            tests=only(price="priced"),
        ),
        CHARGING,
    ),
    Report(
        "failed-calls",
        Category.TRUNKS,
        _("Failed calls by cause"),
        _("Why calls did not come about."),
        Question(
            group=("cause",),
            columns=("calls", "incoming", "outgoing", "share", "last"),
            sort="-calls",
            chart="bar",
            tests=only(outcome="failed,rejected,busy"),
        ),
        COUNTING,
    ),
    Report(
        "simultaneous-calls",
        Category.TRUNKS,
        _("Simultaneous calls and busy hour"),
        _("How many channels of each gateway were taken at once, exact to the second, and how many are needed."),
        Question(period="30d", orders=()),
        (Rule.TRUNK, Rule.ZONE),
        run=simultaneous_calls,
    ),
    Report(
        "utilisation",
        Category.TRUNKS,
        _("Utilisation"),
        _("Which share of each gateway's channels is taken, by hour of the day."),
        Question(period="30d", orders=()),
        (Rule.TRUNK, Rule.ZONE),
        run=utilisation,
    ),
    Report(
        "voice-quality",
        Category.TRUNKS,
        _("Voice quality by gateway"),
        _("Mean opinion score, and how many calls had good and poor quality; group by office in the options."),
        Question(
            group=("gateway",),
            columns=("calls", "rated", "mean_mos", "good", "poor"),
            sort="-poor",
            chart="stacked",
            tests=only(outcome="answered"),
        ),
        COUNTING,
    ),
)
