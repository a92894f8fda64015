"""Tells people by mail, in their own language and once, that a threshold is reached."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import timedelta
from urllib.parse import urljoin

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.html import strip_tags
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _

from accounting.models import MailPurpose, Role, Supervision, User
from accounting.querysets.organization import ancestors
from accounting.querysets.validity import member_rows
from accounting.services.mailing import RecipientRefusedError
from accounting.services.outbox import Letter, post
from accounting.services.zones import zone_of
from budget.models import Account, BudgetEvent, BudgetPeriod, Happened, ReachedThreshold, Threshold
from budget.services.quantities import in_words, left_in_words
from budget.services.words import days_in_words

log = structlog.get_logger(__name__)
LATE = timedelta(days=3)
"""How long after its end the thresholds of a period are still told: calls of its last hours come a little later."""
AT_ONCE = 200


def tell() -> None:
    """Post the mails of all thresholds that were reached; two workers at once post each once."""
    while found := list(
        ReachedThreshold.objects.filter(told_at=None).order_by("pk").values_list("pk", "period_id")[:AT_ONCE]
    ):
        periods: dict[int, list[int]] = defaultdict(list)
        for pk, period in found:
            periods[period].append(pk)
        for period, pks in periods.items():
            tell_of(period, pks)


@transaction.atomic
def tell_of(period_id: int, reached: list[int]) -> None:
    """Post the mails of thresholds that one period has reached; of several, each recipient hears of the highest."""
    # Locked, so that another worker which tells the same ones waits here, and then finds none.
    locked = ReachedThreshold.objects.select_for_update().filter(pk__in=reached, told_at=None)
    percents = dict(locked.order_by("pk").values_list("percent", "pk"))
    if not percents:
        return
    ReachedThreshold.objects.filter(pk__in=percents.values()).update(told_at=timezone.now())
    period = BudgetPeriod.objects.select_related("account__budget", "account__person").get(pk=period_id)
    budget = period.account.budget
    if not budget.active or budget.deleted_at or period.end < (timezone.now() - LATE).date():
        return
    thresholds = budget.thresholds.filter(percent__in=percents)
    told: dict[int, list[str]] = defaultdict(list)
    for person, threshold in recipients_of(period.account, thresholds).items():
        if post_to(person, period, threshold, percents[threshold.percent]):
            told[threshold.percent].append(str(person))
    for percent, names in told.items():
        events = BudgetEvent.objects.filter(period=period, kind=Happened.REACHED, percent=percent)
        newest = events.order_by("-pk").values("pk")[:1]
        BudgetEvent.objects.filter(pk__in=list(newest.values_list("pk", flat=True))).update(mailed_to=names)


def recipients_of(account: Account, thresholds: Iterable[Threshold]) -> dict[User, Threshold]:
    """Return who is told of which of these thresholds: of several, the highest."""
    found: dict[User, Threshold] = {}
    for threshold in sorted(thresholds, key=lambda one: one.percent):
        people: list[User] = []
        if threshold.mail_person and account.person:
            people.append(account.person)
        if threshold.mail_supervisor:
            people += supervisors_of(account)
        if threshold.mail_administrators:
            people += User.objects.filter(Q(role=Role.ADMINISTRATOR) | Q(is_superuser=True))
        found |= {person: threshold for person in people if person.is_active and person.email}
    return found


def supervisors_of(account: Account) -> list[User]:
    """Return who supervises the person of an account now, or the unit of a pot."""
    budget = account.budget
    units: list[tuple[int | None, int | None, int | None]]
    if account.person_id:
        rows = (
            member_rows().filter(user_id=account.person_id).values_list("department_id", "cost_centre_id", "office_id")
        )
        units = list(rows)
    else:
        units = [(budget.department_id, budget.cost_centre_id, None)]
    departments = ancestors(department for department, _, _ in units if department)
    of_unit = (
        Q(department_id__in=departments)
        | Q(cost_centre_id__in=[centre for _, centre, _ in units if centre])
        | Q(office_id__in=[office for _, _, office in units if office])
    )
    supervisions = Supervision.objects.filter(of_unit).values("supervisor_id")
    found = User.objects.filter(pk__in=supervisions, role=Role.SUPERVISOR)
    return [one for one in found if one.pk != account.person_id]


def post_to(person: User, period: BudgetPeriod, threshold: Threshold, number: int) -> bool:
    """Post the mail to one person; return whether that was possible."""
    language = person.language or settings.LANGUAGE_CODE
    with translation.override(language), timezone.override(zone_of(person)):
        letter = letter_to(person, period, threshold, f"budget:{number}:{threshold.percent}:{person.pk}", language)
    try:
        post(letter, [person.email])
    except RecipientRefusedError as error:
        log.warning("budget_mail_refused", period=period.pk, person=person.pk, reason=str(error))
        return False
    return True


def letter_to(person: User, period: BudgetPeriod, threshold: Threshold, key: str, language: str) -> Letter:
    """Return the letter for one reader, in the active language."""
    account = period.account
    own = account.person_id == person.pk
    facts = {"percent": threshold.percent, "budget": account.budget.name, "holder": account.holder}
    subject = (
        _("You have used %(percent)s %% of your budget “%(budget)s”")
        if own
        else _("%(holder)s: %(percent)s %% of the budget “%(budget)s” used")
    )
    context = {
        "subject": subject % facts,
        "own": own,
        "lock": threshold.lock and not period.closed,
        "rows": rows_of(period),
        "link": urljoin(settings.PORTAL_URL, reverse("budget_account", args=[account.pk])),
        "start": "right" if get_language_bidi() else "left",
    }
    return Letter(
        key=key, cause=f"budget:{account.budget_id}", purpose=MailPurpose.BUDGET, subject=subject % facts,
        text=render_to_string("emails/budget/threshold.txt", context),
        html=render_to_string("emails/budget/threshold.html", context), language=language,
    )  # fmt: skip


def rows_of(period: BudgetPeriod) -> Sequence[tuple[str, str]]:
    """Return what the mail says of a period: labels and figures."""
    budget = period.account.budget

    def words(quantity: int) -> str:
        return strip_tags(in_words(budget, quantity))

    found = [
        (_("Budget"), budget.name),
        (_("Holder"), str(period.account.holder)),
        (_("Period"), days_in_words(period.start, period.end)),
        (_("Assigned"), words(period.assigned)),
    ]
    if period.carried_in:
        found.append((_("Carried over"), words(period.carried_in)))
    if period.topped_up:
        found.append((_("Topped up"), words(period.topped_up)))
    found += [(_("Used"), words(period.spent)), (_("Left"), strip_tags(left_in_words(budget, period.left)))]
    return found
