"""What call control goes by, held in memory: addresses, emergency and allowed numbers; never asked for about a call."""

import hashlib
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from threading import Lock as Mutex

from accounting.models import CallType, Gateway, NumberRule, Office, ReferenceRevision
from accounting.services.classifying import NumberPlan, load_number_plan
from phonelock.call_control import Question, plain
from phonelock.models import AllowedNumber, EngineKind, LockSetUp

RENEWED_AFTER = 2.0
"""Seconds after which the rules are read anew beside the next question."""
OUTDATED_AFTER = 5.0
"""Seconds after which the next question waits for them."""
WORLDWIDE_EMERGENCY = frozenset({"112", "911"})
"""Pass at every office, also where no country is entered."""


@dataclass(frozen=True, slots=True)
class Profile:
    """One phone system as call control knows it."""

    set_up_id: int
    phone_system_id: int
    office_id: int | None
    engine: str
    on_failure: str
    gateways: frozenset[str]
    """Their device names: callers behind them are no own extensions."""

    @property
    def bars(self) -> bool:
        """Whether locks of this phone system are kept by call control."""
        return self.engine == EngineKind.CALL_CONTROL


@dataclass(frozen=True, slots=True)
class Allowed:
    """One number or prefix that locked lines may call."""

    digits: str
    is_prefix: bool
    office_id: int | None

    def meets(self, forms: Iterable[str]) -> bool:
        """Return whether one of the forms of a called number is meant."""
        return any(form.startswith(self.digits) if self.is_prefix else form == self.digits for form in forms)


@dataclass(slots=True)
class CallRules:
    """One reading of everything."""

    revision: int = -1
    profiles: dict[str, Profile] = field(default_factory=dict)
    """By the digest of the key in the address."""
    plan: NumberPlan | None = None
    dial_plans: tuple[int | None, ...] = (None,)
    """One office for each different way of dialling."""
    access_codes: dict[int, str] = field(default_factory=dict)
    gateways: dict[int, frozenset[str]] = field(default_factory=dict)
    allowed: tuple[Allowed, ...] = ()
    read_at: float = 0.0

    @property
    def by_office(self) -> bool:
        """Whether some allowed numbers hold for one office only, so that the office of a caller counts."""
        return any(one.office_id for one in self.allowed)

    def is_emergency(self, question: Question) -> bool:
        """Return whether the called number is an emergency number of any office: rather one too many pass."""
        codes, numbers = {"", *self.access_codes.values()}, question.called_numbers
        if any(number.removeprefix(code) in WORLDWIDE_EMERGENCY for number in numbers for code in codes):
            return True
        return any(
            self.type_of(office, number, sent_on=place > 0) == CallType.EMERGENCY
            for office in self.dial_plans
            for place, number in enumerate(numbers)
        )

    def allows(self, question: Question, office_id: int | None) -> bool:
        """Return whether a line of this office may call the number although it is locked."""
        rules = [one for one in self.allowed if one.office_id in (None, office_id)]
        if not rules:
            return False
        forms = self.forms(question, office_id)
        return any(one.meets(forms) for one in rules)

    def forms(self, question: Question, office_id: int | None) -> set[str]:
        """Return the called number as dialled, without the outside line, and as an international number."""
        found = set(question.called_numbers)
        code = self.access_codes.get(office_id or 0, "")
        if code:
            found |= {number.removeprefix(code) for number in question.called_numbers}
        if self.plan:
            for place, number in enumerate(question.called_numbers):
                found.add(self.plan.analyse(office_id, number, incoming=False, outpulsed=place > 0).number)
        return found

    def type_of(self, office_id: int | None, number: str, *, sent_on: bool) -> CallType | None:
        """Return what a called number is at an office."""
        if self.plan is None:
            return None
        return self.plan.analyse(office_id, number, incoming=False, outpulsed=sent_on).call_type


def digest(key: str) -> str:
    """Return by what a key is found, so that looking for one takes as long whatever is guessed."""
    return hashlib.sha256(key.encode()).hexdigest()


def load(known: CallRules) -> CallRules:
    """Read the rules; dial plans and gateways only when people, lines or rules have changed since the known ones."""
    began = time.monotonic()
    revision = ReferenceRevision.objects.filter(pk=1).values_list("number", flat=True).first() or 0
    rules = CallRules(revision, read_at=began)
    if revision == known.revision:
        rules.plan, rules.dial_plans = known.plan, known.dial_plans
        rules.access_codes, rules.gateways = known.access_codes, known.gateways
    else:
        rules.plan, rules.gateways = load_number_plan(), gateways_by_phone_system()
        rules.dial_plans, rules.access_codes = dial_plans()
    rows = AllowedNumber.objects.values_list("digits", "is_prefix", "office_id")
    rules.allowed = tuple(Allowed(plain(digits), is_prefix, office) for digits, is_prefix, office in rows)
    for one in LockSetUp.objects.select_related("phone_system"):
        if one.call_control_key:
            rules.profiles[digest(one.call_control_key)] = profile_of(one, rules)
    return rules


def profile_of(set_up: LockSetUp, rules: CallRules) -> Profile:
    """Return a phone system as questions about its calls are answered."""
    system = set_up.phone_system
    gateways = rules.gateways.get(system.pk, frozenset())
    return Profile(set_up.pk, system.pk, system.office_id, set_up.engine, set_up.on_failure, gateways)


def gateways_by_phone_system() -> dict[int, frozenset[str]]:
    """Return the device names of all gateways."""
    found: dict[int, set[str]] = {}
    for system, name in Gateway.objects.order_by().values_list("phone_system_id", "device_name"):
        found.setdefault(system, set()).add(name)
    return {system: frozenset(names) for system, names in found.items()}


def dial_plans() -> tuple[tuple[int | None, ...], dict[int, str]]:
    """Return one office for each different way of dialling (None: no office), and the offices' outside lines."""
    own: dict[int, list[tuple[str, str, str]]] = {}
    rules = NumberRule.objects.exclude(office=None).exclude(kind=NumberRule.Kind.OVERRIDE)
    for office, *rule in rules.order_by("kind", "first", "last").values_list("office_id", "kind", "first", "last"):
        own.setdefault(office or 0, []).append((rule[0], rule[1], rule[2]))
    offices = list(Office.objects.order_by("pk"))
    different = {
        (one.country, one.access_code, one.private_prefix, one.extension_digits, tuple(own.get(one.pk, ()))): one.pk
        for one in offices
    }
    return (None, *different.values()), {one.pk: plain(one.access_code) for one in offices if one.access_code}


class RuleBook:
    """The rules of this process: the latest reading, renewed by the threads that answer questions."""

    def __init__(self) -> None:
        """Know nothing yet."""
        self.latest = CallRules()
        self._reading = Mutex()

    @property
    def age(self) -> float:
        """Seconds since the latest reading began."""
        return time.monotonic() - self.latest.read_at if self.latest.read_at else float("inf")

    def profile(self, key: str) -> Profile | None:
        """Return the phone system with this key as of the latest reading."""
        return self.latest.profiles.get(digest(key))

    def renew(self, older_than: float) -> None:
        """Read the rules anew if the latest reading is older than so many seconds; one thread at a time."""
        with self._reading:
            if self.age > older_than:
                self.latest = load(self.latest)

    def forget(self) -> None:
        """Know nothing again."""
        self.latest = CallRules()


BOOK = RuleBook()
