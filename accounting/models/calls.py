"""Calls: the legs as the phone system reported them, and the call records that everything counts.

Rows refer to units, people and gateways by plain ids without database constraints: they are written by bulk copy, and a
call keeps the ids that were valid when it was made. Each unique key begins with the time, so that the tables can be
partitioned by month.
"""

from datetime import timedelta

from django.db import models
from django.utils.translation import gettext_lazy as _

from accounting.querysets.calls import CallRecordQuerySet
from callanalytics.lib.money import MoneyField


class Direction(models.IntegerChoices):
    """Seen from the own extension."""

    OUTGOING = 1, _("Outgoing")
    INCOMING = 2, _("Incoming")


class Kind(models.IntegerChoices):
    """Whether the other party is in the public network or in the organisation."""

    PUBLIC = 1, _("Public network")
    INTERNAL = 2, _("Internal")


class Outcome(models.IntegerChoices):
    """How the call ended for the own extension."""

    ANSWERED = 1, _("Answered")
    MISSED = 2, _("Not answered")
    BUSY = 3, _("Busy")
    REJECTED = 4, _("Rejected")
    FAILED = 5, _("Failed")
    VOICEMAIL = 6, _("Voicemail")


class CallType(models.IntegerChoices):
    """What a number is, by the site's rules and the public number plans (COST-1)."""

    INTERNAL = 1, _("Internal")
    LOCAL = 2, _("Local")
    NATIONAL = 3, _("National")
    MOBILE = 4, _("Mobile")
    INTERNATIONAL = 5, _("International")
    TOLL_FREE = 6, _("Toll-free")
    SHARED_COST = 7, _("Shared cost")
    PREMIUM = 8, _("Premium")
    EMERGENCY = 9, _("Emergency")
    SERVICE = 10, _("Service")
    UNKNOWN = 11, _("Unknown")


class Pricing(models.IntegerChoices):
    """Where the cost of a record comes from; an unpriced call has no cost, never 0 (COST-3)."""

    NOT_CHARGEABLE = 1, _("Not chargeable")
    PRICED = 2, _("Priced")
    NO_CARRIER = 3, _("No carrier at the gateway")
    NO_TARIFF = 4, _("No tariff for the day")
    NO_RATE = 5, _("No rate for the number")


class ReleasedBy(models.TextChoices):
    """Which side hung up, seen from the own extension."""

    OWN = "O", _("Own side")
    REMOTE = "R", _("Other side")


class Purpose(models.IntegerChoices):
    """Whether a call is business or private, and who has said so (EX-9)."""

    BUSINESS = 1, _("Business")
    DIALLED = 2, _("Private, dialled with the private prefix")
    MARKED = 3, _("Private, marked")
    RULED_BUSINESS = 4, _("Business, corrected")


PRIVATE = (Purpose.DIALLED, Purpose.MARKED)
UNPRICED = (Pricing.NO_CARRIER, Pricing.NO_TARIFF, Pricing.NO_RATE)


class CallLeg(models.Model):
    """One call detail record of a phone system, as received; the legs of one call share call_id."""

    id = models.BigAutoField(primary_key=True)
    phone_system_id = models.BigIntegerField()
    file_id = models.BigIntegerField()
    line = models.IntegerField()
    record_key = models.UUIDField()
    call_id = models.BigIntegerField(db_index=True)
    call_ref = models.CharField(max_length=90)
    stitch = models.BooleanField(default=False)
    originated_at = models.DateTimeField()
    connected_at = models.DateTimeField(null=True)
    disconnected_at = models.DateTimeField()
    orig_leg = models.BigIntegerField(default=0)
    dest_leg = models.BigIntegerField(default=0)
    orig_device = models.CharField(max_length=129, blank=True)
    dest_device = models.CharField(max_length=129, blank=True)
    calling = models.CharField(max_length=255, blank=True)
    original_called = models.CharField(max_length=255, blank=True)
    final_called = models.CharField(max_length=255, blank=True)
    last_redirect = models.CharField(max_length=255, blank=True)
    outpulsed_called = models.CharField(max_length=50, blank=True)
    calling_partition = models.CharField(max_length=50, blank=True)
    final_partition = models.CharField(max_length=50, blank=True)
    orig_cause = models.BigIntegerField(default=0)
    dest_cause = models.BigIntegerField(default=0)
    orig_term_by = models.IntegerField(default=0)
    dest_term_by = models.IntegerField(default=0)
    orig_redirect_by = models.IntegerField(default=0)
    last_redirect_by = models.IntegerField(default=0)
    join_by = models.IntegerField(default=0)
    orig_redirect_reason = models.IntegerField(default=0)
    last_redirect_reason = models.IntegerField(default=0)
    dest_conversation = models.BigIntegerField(default=0)
    pattern_usage = models.IntegerField(null=True)
    hunt_pilot = models.CharField(max_length=50, blank=True)
    incoming_protocol = models.IntegerField(default=0)
    outgoing_protocol = models.IntegerField(default=0)
    queue_seconds = models.IntegerField(default=0)
    authorization_code = models.CharField(max_length=60, blank=True)
    matter_code = models.CharField(max_length=32, blank=True)
    comment = models.TextField(blank=True)

    class Meta:
        verbose_name = _("call leg")
        verbose_name_plural = _("call legs")
        constraints = [
            models.UniqueConstraint(
                fields=["originated_at", "record_key", "phone_system_id"], name="leg_once_in_system"
            )
        ]
        indexes = [
            models.Index(fields=["phone_system_id", "call_ref"], name="leg_by_call_ref"),
            models.Index(
                fields=["phone_system_id", "orig_leg"], name="leg_stitch_orig", condition=models.Q(stitch=True)
            ),
            models.Index(
                fields=["phone_system_id", "dest_leg"], name="leg_stitch_dest", condition=models.Q(stitch=True)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.calling} → {self.final_called}"


class CallRecord(models.Model):
    """One own extension's part in a call: what pages, reports, budgets and alarms count (docs/counting-rules.md)."""

    id = models.BigAutoField(primary_key=True)
    phone_system_id = models.BigIntegerField()
    call_id = models.BigIntegerField()
    batch_id = models.BigIntegerField()
    leg = models.BigIntegerField()
    started_at = models.DateTimeField(_("started"))
    answered_at = models.DateTimeField(_("answered"), null=True)
    ended_at = models.DateTimeField(_("ended"))
    extension = models.CharField(_("extension"), max_length=50)
    user_id = models.BigIntegerField(null=True)
    department_id = models.BigIntegerField(null=True)
    cost_centre_id = models.BigIntegerField(null=True)
    office_id = models.BigIntegerField(null=True)
    direction = models.PositiveSmallIntegerField(_("direction"), choices=Direction.choices)
    kind = models.PositiveSmallIntegerField(_("kind"), choices=Kind.choices)
    outcome = models.PositiveSmallIntegerField(_("outcome"), choices=Outcome.choices)
    call_type = models.PositiveSmallIntegerField(_("call type"), choices=CallType.choices)
    other_number = models.CharField(_("other party"), max_length=255, blank=True)
    dialled_number = models.CharField(_("number as recorded"), max_length=255, blank=True)
    connected_number = models.CharField(_("later connected with"), max_length=255, blank=True)
    country = models.CharField(_("country"), max_length=3, blank=True)
    destination = models.CharField(_("destination"), max_length=60, blank=True)
    original_called = models.CharField(_("first called"), max_length=255, blank=True)
    last_redirect = models.CharField(_("redirected by"), max_length=255, blank=True)
    redirect_reason = models.PositiveSmallIntegerField(_("reason of redirection"), default=0)
    hunt_pilot = models.CharField(_("hunt pilot"), max_length=50, blank=True)
    device = models.CharField(_("device"), max_length=129, blank=True)
    ring_seconds = models.IntegerField(_("ring time"), default=0)
    talk_seconds = models.IntegerField(_("talk time"), default=0)
    queue_seconds = models.IntegerField(_("waiting time"), default=0)
    gateway_id = models.BigIntegerField(null=True)
    carries_trunk = models.BooleanField(default=False)
    trunk_seconds = models.IntegerField(_("time on the trunk"), default=0)
    pricing = models.PositiveSmallIntegerField(_("pricing"), choices=Pricing.choices)
    cost = MoneyField(_("cost"), null=True)
    currency = models.CharField(_("currency"), max_length=3, blank=True)
    rate_id = models.BigIntegerField(null=True)
    cause = models.IntegerField(_("cause"), default=0)
    released_by = models.CharField(_("released by"), max_length=1, choices=ReleasedBy.choices, blank=True)
    conference = models.BooleanField(_("conference"), default=False)
    authorization_code = models.CharField(_("authorisation code"), max_length=60, blank=True)
    matter_code = models.CharField(_("client matter code"), max_length=32, blank=True)
    purpose = models.PositiveSmallIntegerField(
        _("private or business"), choices=Purpose.choices, default=Purpose.BUSINESS
    )
    mos = models.PositiveSmallIntegerField(_("voice quality"), null=True, help_text=_("Mean opinion score times 100."))
    jitter_ms = models.IntegerField(_("jitter"), null=True)
    latency_ms = models.IntegerField(_("latency"), null=True)
    loss_permille = models.IntegerField(_("packet loss"), null=True)

    objects = CallRecordQuerySet.as_manager()

    class Meta:
        verbose_name = _("call record")
        verbose_name_plural = _("call records")
        constraints = [
            models.UniqueConstraint(
                fields=["started_at", "extension", "call_id", "leg", "direction"], name="record_once_in_call"
            )
        ]
        indexes = [
            models.Index(fields=["extension", "started_at"], name="record_by_extension"),
            models.Index(fields=["other_number", "started_at"], name="record_by_other"),
            # Only unpriced records have no cost: the few that administrators look for among millions.
            models.Index(fields=["started_at"], name="record_private", condition=models.Q(purpose__in=PRIVATE)),
            models.Index(fields=["started_at"], name="record_unpriced", condition=models.Q(cost__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.extension} {self.get_direction_display()} {self.other_number}"

    @property
    def duration(self) -> timedelta:
        """Talk time as a duration."""
        return timedelta(seconds=self.talk_seconds)

    @property
    def is_unpriced(self) -> bool:
        """Whether a price is missing."""
        return self.pricing in UNPRICED

    @property
    def is_private(self) -> bool:
        """Whether it is a private call: paid by its person, and masked from everybody else."""
        return self.purpose in PRIVATE


class CallQuality(models.Model):
    """Voice quality that one end of a call reported (CMR)."""

    phone_system_id = models.BigIntegerField()
    record_key = models.UUIDField()
    call_ref = models.CharField(max_length=90)
    leg = models.BigIntegerField()
    measured_at = models.DateTimeField()
    device = models.CharField(max_length=129, blank=True)
    mos = models.PositiveSmallIntegerField(null=True)
    jitter_ms = models.IntegerField(null=True)
    latency_ms = models.IntegerField(null=True)
    loss_permille = models.IntegerField(null=True)

    class Meta:
        verbose_name = _("voice quality")
        verbose_name_plural = _("voice quality")
        constraints = [
            models.UniqueConstraint(
                fields=["measured_at", "record_key", "phone_system_id"], name="quality_once_in_system"
            )
        ]
        indexes = [models.Index(fields=["phone_system_id", "call_ref"], name="quality_by_call_ref")]

    def __str__(self) -> str:
        return f"{self.device} {self.mos}"


class Totals(models.Model):
    """What each table of totals adds up; rows are additions and corrections, readers always sum them."""

    direction = models.PositiveSmallIntegerField(choices=Direction.choices)
    kind = models.PositiveSmallIntegerField(choices=Kind.choices)
    outcome = models.PositiveSmallIntegerField(choices=Outcome.choices)
    call_type = models.PositiveSmallIntegerField(choices=CallType.choices)
    currency = models.CharField(max_length=3, blank=True)
    calls = models.IntegerField()
    talk_seconds = models.BigIntegerField()
    ring_seconds = models.BigIntegerField()
    cost = MoneyField()
    unpriced = models.IntegerField()

    class Meta:
        abstract = True


class ExtensionDay(Totals):
    """Calls of one extension on one day of the organisation's zone, by owner and units as of the calls."""

    day = models.DateField()
    phone_system_id = models.BigIntegerField()
    extension = models.CharField(max_length=50)
    user_id = models.BigIntegerField(null=True)
    department_id = models.BigIntegerField(null=True)
    cost_centre_id = models.BigIntegerField(null=True)
    office_id = models.BigIntegerField(null=True)

    class Meta:
        indexes = [models.Index(fields=["extension", "day"], name="total_by_extension")]

    def __str__(self) -> str:
        return f"{self.extension} {self.day}: {self.calls}"


class UnitKind(models.IntegerChoices):
    """The units for which half-hours are kept."""

    DEPARTMENT = 1, _("Department")
    COST_CENTRE = 2, _("Cost centre")
    OFFICE = 3, _("Office")
    GATEWAY = 4, _("Gateway")


class UnitHalfHour(Totals):
    """Calls of one unit in one half-hour of UTC, so that every zone can be answered."""

    slot = models.DateTimeField()
    unit_kind = models.PositiveSmallIntegerField(choices=UnitKind.choices)
    unit_id = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["unit_kind", "unit_id", "slot"], name="total_by_unit")]

    def __str__(self) -> str:
        return f"{self.get_unit_kind_display()} {self.unit_id} {self.slot}: {self.calls}"
