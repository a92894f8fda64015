"""Budgets, the accounts they give to people and units, and the ledger of periods that calls are charged to.

Quantities are whole numbers: millionths of the currency for budgets of money, seconds of talk time for budgets of
minutes. Only days count: each call belongs to the day that its own office had when it began.
"""

from datetime import date

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounting.models import CallType, CostCentre, Department
from budget.querysets import AccountQuerySet, BudgetQuerySet
from callanalytics.lib.money import MoneyField


class Mode(models.TextChoices):
    """Whether the members of a unit share one account or have one each."""

    POT = "pot", _("One pot for all")
    EACH = "each", _("The same amount for each member")


class Unit(models.TextChoices):
    """What a budget limits."""

    MONEY = "money", _("Cost")
    MINUTES = "minutes", _("Minutes")


class Cycle(models.TextChoices):
    """How long a period is."""

    WEEK = "week", _("Week")
    MONTH = "month", _("Month")


class Budget(models.Model):
    """What a person, a department (with all below it) or a cost centre may spend on outgoing public calls."""

    name = models.CharField(_("name"), max_length=80)
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, blank=True, related_name="budgets",
        verbose_name=_("person"),
    )  # fmt: skip
    department = models.ForeignKey(
        Department, models.CASCADE, null=True, blank=True, related_name="budgets", verbose_name=_("department")
    )
    cost_centre = models.ForeignKey(
        CostCentre, models.CASCADE, null=True, blank=True, related_name="budgets", verbose_name=_("cost centre")
    )
    mode = models.CharField(_("shared"), max_length=4, choices=Mode.choices, default=Mode.EACH)
    unit = models.CharField(_("limits"), max_length=7, choices=Unit.choices, default=Unit.MONEY)
    amount = models.BigIntegerField(_("amount"))
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    call_types = models.JSONField(_("call types"), default=list, blank=True)
    """Values of CallType; empty: every chargeable outgoing public call."""
    count_private = models.BooleanField(_("private calls count, too"), default=False)
    cycle = models.CharField(_("period"), max_length=5, choices=Cycle.choices, default=Cycle.MONTH)
    first_day = models.PositiveSmallIntegerField(_("first day"), default=1)
    """Of a month 1 to 28, of a week 1 (Monday) to 7."""
    carry_over = models.BooleanField(_("carry over what is left"), default=False)
    carry_ceiling = models.BigIntegerField(_("at most"), null=True, blank=True)
    valid_from = models.DateField(_("valid from"))
    valid_until = models.DateField(_("valid until"), null=True, blank=True, help_text=_("Included. Empty: open."))
    active = models.BooleanField(_("active"), default=True)
    deleted_at = models.DateTimeField(null=True, editable=False)
    settled = models.BooleanField(default=False, editable=False)
    """Whether its accounts are opened and counted as the budget stands now."""
    created_at = models.DateTimeField(auto_now_add=True)

    objects = BudgetQuerySet.as_manager()

    class Meta:
        verbose_name = _("budget")
        verbose_name_plural = _("budgets")
        ordering = ["name", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=(
                    Q(person__isnull=False, department__isnull=True, cost_centre__isnull=True)
                    | Q(person__isnull=True, department__isnull=False, cost_centre__isnull=True)
                    | Q(person__isnull=True, department__isnull=True, cost_centre__isnull=False)
                ),
                name="budget_of_one_owner",
            ),
            models.CheckConstraint(condition=Q(amount__gte=0), name="budget_not_negative"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def owner(self) -> object:
        """The person or unit that it is for."""
        return self.person or self.department or self.cost_centre

    @property
    def per_person(self) -> bool:
        """Whether each of several people has an account of their own."""
        return self.mode == Mode.EACH and self.person_id is None

    def counts(self, call_type: int, currency: str, private: bool) -> bool:
        """Return whether calls of this type, priced in this currency, private or not, are charged to it."""
        if private and not self.count_private:
            return False
        if self.unit == Unit.MONEY and currency != self.currency:
            return False
        return not self.call_types or call_type in self.call_types


class BudgetException(models.Model):
    """Another amount for one member of a budget, or none at all."""

    budget = models.ForeignKey(Budget, models.CASCADE, related_name="exceptions", verbose_name=_("budget"))
    person = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", verbose_name=_("person"))
    amount = models.BigIntegerField(_("amount"), null=True, blank=True, help_text=_("Empty: no budget."))

    class Meta:
        verbose_name = _("exception")
        verbose_name_plural = _("exceptions")
        constraints = [models.UniqueConstraint(fields=["budget", "person"], name="exception_once_a_person")]

    def __str__(self) -> str:
        return f"{self.budget}: {self.person}"


class Threshold(models.Model):
    """A share of a budget, and what happens when it is used."""

    budget = models.ForeignKey(Budget, models.CASCADE, related_name="thresholds", verbose_name=_("budget"))
    percent = models.PositiveSmallIntegerField(_("percent"), validators=[MinValueValidator(1), MaxValueValidator(1000)])
    mail_person = models.BooleanField(_("mail to the person"), default=True)
    mail_supervisor = models.BooleanField(_("mail to the supervisors"), default=False)
    mail_administrators = models.BooleanField(_("mail to the administrators"), default=False)
    lock = models.BooleanField(_("ask for the phone to be locked"), default=False)

    class Meta:
        verbose_name = _("threshold")
        verbose_name_plural = _("thresholds")
        ordering = ["percent"]
        constraints = [models.UniqueConstraint(fields=["budget", "percent"], name="threshold_once_in_budget")]

    def __str__(self) -> str:
        return f"{self.percent} %"


class Account(models.Model):
    """A budget as it holds for one person, or for all who share it."""

    budget = models.ForeignKey(Budget, models.CASCADE, related_name="accounts", verbose_name=_("budget"))
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="budget_accounts", verbose_name=_("person")
    )
    """None: the pot of a unit."""

    objects = AccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("budget account")
        verbose_name_plural = _("budget accounts")
        constraints = [
            models.UniqueConstraint(fields=["budget", "person"], name="account_once_a_person"),
            models.UniqueConstraint(fields=["budget"], condition=Q(person=None), name="account_one_pot"),
        ]

    def __str__(self) -> str:
        return f"{self.budget}: {self.holder}"

    @property
    def holder(self) -> object:
        """Who holds it: a person, or the unit that shares a pot."""
        return self.person or self.budget.owner


class BudgetPeriod(models.Model):
    """One period of an account: what was given, and what its calls have used."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="periods")
    start = models.DateField(_("from"))
    end = models.DateField(_("until"))
    """Not included."""
    assigned = models.BigIntegerField(_("assigned"))
    carries = models.BooleanField(default=False)
    carry_ceiling = models.BigIntegerField(null=True)
    """Whether it takes over what the period before it has left, and at most how much; as ruled when it began."""
    carried_in = models.BigIntegerField(_("carried over"), default=0)
    topped_up = models.BigIntegerField(_("topped up"), default=0)
    spent = models.BigIntegerField(_("used"), default=0)
    calls = models.IntegerField(_("calls"), default=0)
    lock_requested = models.BooleanField(default=False)
    closed = models.BooleanField(default=False)
    """Whether the next period has begun; late calls are still counted."""

    class Meta:
        verbose_name = _("budget period")
        verbose_name_plural = _("budget periods")
        ordering = ["account", "start"]
        constraints = [models.UniqueConstraint(fields=["account", "start"], name="period_once_in_account")]
        indexes = [models.Index(fields=["end"], name="period_open", condition=Q(closed=False))]

    def __str__(self) -> str:
        return f"{self.account_id} {self.start} – {self.end}"

    @property
    def available(self) -> int:
        """What may be used in all."""
        return self.assigned + self.carried_in + self.topped_up

    @property
    def left(self) -> int:
        """What is left; negative: overspent."""
        return self.available - self.spent

    @property
    def percent(self) -> int:
        """The share that is used, rounded down; 100 for a use of what is nothing."""
        if self.spent <= 0:
            return 0
        return self.spent * 100 // self.available if self.available > 0 else 100

    def has_reached(self, percent: int) -> bool:
        """Return whether a threshold is reached."""
        return self.spent > 0 and self.spent * 100 >= percent * self.available

    def carried_from(self, before: "BudgetPeriod") -> int:
        """Return what it takes over from the period before it: what is left there, up to the ceiling, never a debt."""
        if not self.carries or before.end != self.start:
            return 0
        left = max(0, before.left)
        return left if self.carry_ceiling is None else min(left, self.carry_ceiling)

    def holds(self, day: date) -> bool:
        """Return whether calls of a day belong to it."""
        return self.start <= day < self.end


class TopUp(models.Model):
    """What somebody has added to one period, once, and why."""

    period = models.ForeignKey(BudgetPeriod, models.CASCADE, related_name="top_ups")
    quantity = models.BigIntegerField(_("amount"))
    reason = models.CharField(_("reason"), max_length=200)
    by = models.CharField(_("by"), max_length=200, blank=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("top-up")
        verbose_name_plural = _("top-ups")

    def __str__(self) -> str:
        return f"{self.period_id}: {self.quantity}"


class ReachedThreshold(models.Model):
    """A threshold that has acted in a period: it does not act again there, unless a top-up has lifted it."""

    period = models.ForeignKey(BudgetPeriod, models.CASCADE, related_name="reached")
    percent = models.PositiveSmallIntegerField()
    at = models.DateTimeField(default=timezone.now)
    told_at = models.DateTimeField(null=True)
    """When its mails were posted; None: they are still to be."""

    class Meta:
        constraints = [models.UniqueConstraint(fields=["period", "percent"], name="threshold_once_in_period")]
        indexes = [models.Index(fields=["id"], name="threshold_to_tell", condition=Q(told_at=None))]

    def __str__(self) -> str:
        return f"{self.period_id}: {self.percent} %"


class Happened(models.TextChoices):
    """What budget control did, or what was done to a budget."""

    OPENED = "opened", _("Period began")
    CARRIED = "carried", _("Carried over")
    TOPPED_UP = "topped_up", _("Topped up")
    REACHED = "reached", _("Threshold reached")
    LOCK = "lock", _("Lock of the phone requested")
    RELEASED = "released", _("Lock request lifted")
    CHANGED = "changed", _("Amount changed")
    PAUSED = "paused", _("Paused")
    RESUMED = "resumed", _("Resumed")
    CORRECTED = "corrected", _("Corrected")
    MENDED = "mended", _("Recounted")


class BudgetEvent(models.Model):
    """One line of an account's history (BUD-3)."""

    account = models.ForeignKey(Account, models.CASCADE, related_name="events")
    period = models.ForeignKey(BudgetPeriod, models.CASCADE, related_name="events")
    kind = models.CharField(max_length=10, choices=Happened.choices)
    at = models.DateTimeField(default=timezone.now)
    percent = models.PositiveSmallIntegerField(null=True)
    quantity = models.BigIntegerField(null=True)
    before = models.BigIntegerField(null=True)
    """What `quantity` was before, for changes."""
    text = models.CharField(max_length=200, blank=True)
    by = models.CharField(max_length=200, blank=True)
    mailed_to = models.JSONField(default=list)
    """Names of those who were told by mail."""

    class Meta:
        verbose_name = _("event of a budget")
        verbose_name_plural = _("history of budgets")
        ordering = ["-pk"]
        indexes = [models.Index(fields=["account", "-id"], name="event_by_account")]

    def __str__(self) -> str:
        return f"{self.account_id} {self.kind}"


class ChargeDay(models.Model):
    """What the chargeable outgoing public calls of one extension add up to on one day, by owner, type and currency.

    Rows are replaced, never added to: those of an extension and a day of the organisation's zone (`slice`) together.
    """

    phone_system_id = models.BigIntegerField()
    extension = models.CharField(max_length=50)
    slice = models.DateField()
    day = models.DateField()
    """The day at the office of the calls, which decides the period."""
    user_id = models.BigIntegerField(null=True)
    department_id = models.BigIntegerField(null=True)
    cost_centre_id = models.BigIntegerField(null=True)
    call_type = models.PositiveSmallIntegerField(choices=CallType.choices)
    currency = models.CharField(max_length=3, blank=True)
    private = models.BooleanField(default=False)
    calls = models.IntegerField()
    seconds = models.BigIntegerField()
    cost = MoneyField()

    class Meta:
        indexes = [
            models.Index(fields=["slice", "phone_system_id", "extension"], name="charge_by_slice"),
            models.Index(fields=["user_id", "day"], name="charge_by_user"),
            models.Index(fields=["department_id", "day"], name="charge_by_department"),
            models.Index(fields=["cost_centre_id", "day"], name="charge_by_cost_centre"),
        ]

    def __str__(self) -> str:
        return f"{self.extension} {self.day}: {self.calls}"


class Ledger(models.Model):
    """The one row that whoever writes the ledger locks, and what it covers."""

    filled_from = models.DateField(null=True)
    """The first day (organisation's zone) whose calls are charged; None: no budget has needed any."""
    revision = models.BigIntegerField(default=0)
    """The revision of people and units for which members have accounts."""
    checked_at = models.DateTimeField(null=True)
    zones = models.CharField(max_length=64, default="")
    """A fingerprint of the zones by which calls have got their days."""
    parents = models.JSONField(default=dict)
    """Above which department each one stood when pots were counted."""

    def __str__(self) -> str:
        return f"{self.filled_from}"


class ArrivalMark(models.Model):
    """How far the arrivals and corrections of a phone system's calls are charged."""

    phone_system_id = models.BigIntegerField(unique=True)
    batch_id = models.BigIntegerField(default=0)
    total_id = models.BigIntegerField(default=0)
    """The last row of ExtensionDay; those of a phone system are committed in the order of their ids."""

    def __str__(self) -> str:
        return f"{self.phone_system_id}: {self.total_id}"
