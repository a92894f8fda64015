"""How far the set-up is: its steps in order, what each still lacks, and where that is done."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, NamedTuple

from django.conf import settings
from django.db.models import Exists, OuterRef
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounting.models import (
    Carrier,
    Directory,
    Extension,
    Gateway,
    GatewayCarrier,
    ImportFile,
    LineAssignment,
    MailServer,
    MaskingRule,
    Office,
    PhoneSystem,
    Rate,
    Tariff,
    User,
)
from accounting.querysets.validity import holding
from accounting.services.directory_sync import trouble

UNKNOWN_EXTENSIONS = "unknown_extensions"
FEW = 3
"""As many names are told; of more, the number."""


class StepState(Enum):
    """How a step of the set-up stands."""

    DONE = "done"
    LOOK = "look"
    MISSING = "missing"


DONE, LOOK, MISSING = StepState.DONE, StepState.LOOK, StepState.MISSING


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the set-up."""

    slug: str
    icon: str
    title: str | Promise
    state: StepState
    text: str
    """One sentence: what is there, or what is missing and why that matters."""
    page: str
    """Url name of the page on which the step is done."""
    action: str | Promise
    tests: tuple[str, ...] = ()
    """Tests of connections that can be run for the step."""
    query: str = ""
    optional: bool = False


@dataclass(frozen=True, slots=True)
class Progress:
    """The whole set-up."""

    steps: list[Step] = field(default_factory=list)

    @property
    def counted(self) -> list[Step]:
        """The steps that everybody needs."""
        return [step for step in self.steps if not step.optional]

    @property
    def optional(self) -> list[Step]:
        """The steps that one can do without."""
        return [step for step in self.steps if step.optional]

    @property
    def total(self) -> int:
        """How many steps everybody needs."""
        return len(self.counted)

    @property
    def done(self) -> int:
        """How many of them are done."""
        return sum(step.state == StepState.DONE for step in self.counted)

    @property
    def following(self) -> Step | None:
        """The first step that is missing, else the first to look at, None when everything is done."""
        for state in (StepState.MISSING, StepState.LOOK):
            for step in self.counted:
                if step.state == state:
                    return step
        return None

    @property
    def untouched(self) -> bool:
        """Whether nobody has begun."""
        return not self.steps or self.steps[0].state == StepState.MISSING


class Verdict(NamedTuple):
    """What one look at a step says; the page is the step's own unless another shows what to look at."""

    state: StepState
    text: str
    page: str = ""
    query: str = ""


def progress() -> Progress:
    """Return every step with its state, by a few queries that read no call."""
    return Progress([_step(*plan) for plan in PLAN])


def _step(
    slug: str, icon: str, title: Promise, judge: Callable[[], Verdict], page: str, tests: tuple[str, ...] = ()
) -> Step:
    verdict = judge()
    page, action = verdict.page or page, gettext_lazy("Open")
    if verdict.state == MISSING and slug in BEGUN_BY_ADDING:
        page, action = page.replace("_changelist", "_add"), gettext_lazy("Begin")
    runnable = tests if verdict.state != MISSING or (slug == "inbox" and PhoneSystem.objects.exists()) else ()
    optional = slug == "masking"
    return Step(slug, icon, title, verdict.state, verdict.text, page, action, runnable, verdict.query, optional)


def names_of(rows: list[Any]) -> str:
    """Return the names of a few rows; of many the first ones with dots."""
    return ", ".join(str(row) for row in rows[:FEW]) + (" …" if len(rows) > FEW else "")


def phone_systems() -> Verdict:
    """Judge whether anything can deliver call records."""
    systems = list(PhoneSystem.objects.filter(enabled=True))
    if not systems:
        return Verdict(MISSING, _("Enter what delivers your call records, for instance a Cisco UCM cluster."))
    counted = ngettext("%(count)s phone system: %(names)s.", "%(count)s phone systems: %(names)s.", len(systems))
    return Verdict(DONE, counted % {"count": len(systems), "names": names_of(systems)})


def inboxes() -> Verdict:
    """Judge whether every phone system has delivered a file."""
    arrived = Exists(ImportFile.objects.filter(phone_system=OuterRef("pk")))
    systems = list(PhoneSystem.objects.filter(enabled=True).annotate(arrived=arrived))
    silent = [system for system in systems if not vars(system)["arrived"]]
    if not systems:
        return Verdict(MISSING, _("Call records are dropped into the inbox folder of a phone system."))
    if silent:
        state = LOOK if len(silent) < len(systems) else MISSING
        return Verdict(state, _("No file has arrived yet from %(names)s.") % {"names": names_of(silent)})
    return Verdict(DONE, _("Every phone system has delivered files."))


def offices() -> Verdict:
    """Judge whether numbers can be read as they are dialled somewhere."""
    count = Office.objects.count()
    if not count:
        return Verdict(MISSING, _("Country, area code and time zone of an office decide how numbers are read."))
    homeless = list(PhoneSystem.objects.filter(enabled=True, office=None))
    if homeless:
        text = _("%(names)s has no default office: numbers of people and gateways without one cannot be read.")
        return Verdict(LOOK, text % {"names": names_of(homeless)})
    return Verdict(DONE, ngettext("%(count)s office.", "%(count)s offices.", count) % {"count": count})


def people() -> Verdict:
    """Judge whether calls find their people."""
    count = User.objects.filter(is_active=True).count()
    held = Exists(LineAssignment.objects.filter(extension=OuterRef("pk")))
    known = Extension.objects.filter(held).count()
    unknown = Extension.objects.filter(~held, found_in_calls=True, ignored=False).count()
    if not known:
        return Verdict(MISSING, _("Nobody holds an extension yet: calls belong to nobody."))
    text = ngettext("%(count)s person", "%(count)s people", count) % {"count": count}
    text += ", " + ngettext("%(count)s extension known", "%(count)s extensions known", known) % {"count": known}
    if unknown:
        text += ", " + ngettext(
            "%(count)s extension of calls belongs to nobody", "%(count)s extensions of calls belong to nobody", unknown
        ) % {"count": unknown}
        return Verdict(LOOK, f"{text}.", UNKNOWN_EXTENSIONS)
    return Verdict(DONE, f"{text}.")


def gateways() -> Verdict:
    """Judge whether every way to the public network has an office and a carrier."""
    today = timezone.localdate()
    bound = Exists(GatewayCarrier.objects.filter(holding(today), gateway=OuterRef("pk")))
    public = Gateway.objects.filter(network=Gateway.Network.PUBLIC)
    count = public.count()
    if not count:
        return Verdict(MISSING, _("Gateways appear by themselves with their first calls, or are entered here."))
    unbound, homeless = public.filter(~bound).count(), public.filter(office=None).count()
    if unbound:
        text = ngettext(
            "%(number)s of %(count)s gateway has no carrier: its calls cannot be priced.",
            "%(number)s of %(count)s gateways have no carrier: their calls cannot be priced.",
            unbound,
        )
        return Verdict(LOOK, text % {"number": unbound, "count": count}, query="?carrier=no&network__exact=public")
    if homeless:
        text = ngettext(
            "%(number)s of %(count)s gateway has no office: its calls are read as dialled at the default office.",
            "%(number)s of %(count)s gateways have no office: their calls are read as dialled at the default office.",
            homeless,
        )
        return Verdict(LOOK, text % {"number": homeless, "count": count}, query="?office__isnull=True")
    text = ngettext(
        "%(count)s gateway, with office and carrier.", "%(count)s gateways, each with office and carrier.", count
    )
    return Verdict(DONE, text % {"count": count})


def tariffs() -> Verdict:
    """Judge whether every carrier behind a gateway has a price list for today."""
    today = timezone.localdate()
    if not Rate.objects.exists():
        return Verdict(MISSING, _("Without a tariff and its rates no call has a price."))
    priced = Exists(Tariff.objects.filter(holding(today), Exists(Rate.objects.filter(tariff=OuterRef("pk"))),
                                          carrier=OuterRef("pk")))  # fmt: skip
    used = Exists(GatewayCarrier.objects.filter(holding(today), carrier=OuterRef("pk")))
    carriers = list(Carrier.objects.filter(used).annotate(priced=priced))
    lacking = [carrier for carrier in carriers if not vars(carrier)["priced"]]
    if not carriers:
        return Verdict(LOOK, _("No gateway leads to a carrier: the tariffs price nothing."))
    if lacking:
        text = _("No tariff with rates is in force today for %(names)s.")
        return Verdict(LOOK, text % {"names": names_of(lacking)})
    text = ngettext("A tariff is in force for %(names)s.", "Tariffs are in force for %(names)s.", len(carriers))
    return Verdict(DONE, text % {"names": names_of(carriers)})


def mail() -> Verdict:
    """Judge whether mails can leave."""
    server = MailServer.current()
    if server.host:
        return Verdict(DONE, _("Mails leave through %(server)s.") % {"server": server.host})
    if settings.EMAIL_HOST not in ("", "localhost"):
        return Verdict(DONE, _("Mails leave through %(server)s.") % {"server": settings.EMAIL_HOST})
    return Verdict(MISSING, _("Reports and alarms by e-mail need a mail server."))


def directory() -> Verdict:
    """Judge whether people can sign in with the organisation's passwords, and whether they are synchronised."""
    entered, text = Directory.current(), _("People sign in with the passwords of %(server)s.")
    failed = trouble()
    if failed is not None and entered.server_uri:
        return Verdict(
            LOOK, _("The last synchronisation of people: %(problem)s") % {"problem": failed.error}, "directory"
        )
    if entered.enabled and entered.server_uri:
        return Verdict(DONE, text % {"server": entered.server_uri})
    if settings.LDAP_SERVER_URI:
        return Verdict(DONE, text % {"server": settings.LDAP_SERVER_URI})
    if entered.server_uri:
        return Verdict(LOOK, _("A directory is entered, but sign-in with it is off."))
    return Verdict(MISSING, _("With a directory, people sign in with the password they know."))


def masking() -> Verdict:
    """Say whether digits are hidden."""
    count = MaskingRule.objects.count()
    if not count:
        return Verdict(MISSING, _("Everybody sees the whole numbers of the calls that they may see."))
    return Verdict(DONE, ngettext("%(count)s rule.", "%(count)s rules.", count) % {"count": count})


def _table(name: str) -> str:
    return f"admin:accounting_{name}_changelist"


PLAN: tuple[tuple[Any, ...], ...] = (
    ("phone_system", "server", gettext_lazy("Phone system"), phone_systems, _table("phonesystem"), ("ucm",)),
    ("inbox", "inbox", gettext_lazy("Inbox"), inboxes, "status", ("inbox",)),
    ("offices", "map-pin", gettext_lazy("Offices"), offices, _table("office")),
    ("people", "users", gettext_lazy("People"), people, _table("user")),
    ("gateways", "router", gettext_lazy("Gateways"), gateways, _table("gateway")),
    ("tariffs", "receipt-text", gettext_lazy("Tariffs"), tariffs, "tariffs"),
    ("mail", "mail", gettext_lazy("Mail server"), mail, _table("mailserver"), ("mail", "send_mail")),
    ("directory", "book-user", gettext_lazy("Directory"), directory, "directory", ("directory",)),
    ("masking", "eye-off", gettext_lazy("Masking"), masking, "masking_rules"),
)
"""The steps in their order: name, icon, title, judgement, page, tests."""
BEGUN_BY_ADDING = frozenset({"phone_system", "offices", "people", "gateways"})
