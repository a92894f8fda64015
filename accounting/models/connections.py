"""Servers that the product talks to, as entered in the set-up: the directory and the mail server."""

from typing import Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounting.models.lines import PhoneSystem
from accounting.models.organization import Office
from callanalytics.lib.secrets import EncryptedField


class Single(models.Model):
    """A table of one row."""

    class Meta:
        abstract = True

    def save(self, *args: object, **kwargs: object) -> None:
        """Store the one row."""
        self.pk = 1
        super().save(*args, **kwargs)  # type: ignore[arg-type]

    @classmethod
    def current(cls) -> Self:
        """Return the row, unsaved with its defaults when nobody has entered anything."""
        return cls._default_manager.filter(pk=1).first() or cls(pk=1)


class Directory(Single):
    """The organisation's directory (LDAP, Active Directory): sign-in, and synchronisation of people."""

    class Leavers(models.TextChoices):
        """What becomes of people who are no longer found."""

        CLOSE = "close", _("Close their account and extensions from today, keep their calls")
        KEEP = "keep", _("Leave them as they are")

    class Interval(models.IntegerChoices):
        """How often people are synchronised."""

        NEVER = 0, _("Only on request")
        HOURLY = 60, _("Every hour")
        SIX_HOURS = 360, _("Every 6 hours")
        DAILY = 1440, _("Every day")

    enabled = models.BooleanField(_("sign-in with the directory"), default=False)
    server_uri = models.CharField(
        _("server"), max_length=300, blank=True,
        help_text=_("For instance ldaps://dc1.example.com; several with spaces between them are tried in turn."),
    )  # fmt: skip
    start_tls = models.BooleanField(_("StartTLS"), default=False, help_text=_("Encrypt an ldap:// connection."))
    ca_certificate = models.TextField(
        _("CA certificate"), blank=True, help_text=_("PEM text. Empty: the certificates of the system.")
    )
    bind_dn = models.CharField(_("account"), max_length=300, blank=True, help_text=_("Read-only account for look-ups."))
    bind_password = EncryptedField(_("password"), blank=True, default="")
    timeout = models.PositiveSmallIntegerField(_("time-out"), default=3, help_text=_("Seconds for each step."))
    user_base = models.CharField(_("people below"), max_length=300, blank=True)
    login_filter = models.CharField(_("filter for sign-in"), max_length=300, default="(sAMAccountName=%(user)s)")
    administrators_group = models.CharField(_("group of administrators"), max_length=300, blank=True)
    supervisors_group = models.CharField(_("group of supervisors"), max_length=300, blank=True)

    people_filter = models.CharField(
        _("filter for people"), max_length=500, default="(&(objectCategory=person)(objectClass=user))"
    )
    page_size = models.PositiveIntegerField(_("entries in one answer"), default=500)
    username_attribute = models.CharField(_("user name"), max_length=60, default="sAMAccountName")
    key_attribute = models.CharField(
        _("lasting key"), max_length=60, default="objectGUID",
        help_text=_("Stays the same when a person is renamed: objectGUID, or entryUUID."),
    )  # fmt: skip
    first_name_attribute = models.CharField(_("first name"), max_length=60, default="givenName")
    last_name_attribute = models.CharField(_("last name"), max_length=60, default="sn")
    email_attribute = models.CharField(_("e-mail"), max_length=60, default="mail")
    employee_number_attribute = models.CharField(_("employee number"), max_length=60, blank=True)
    language_attribute = models.CharField(_("language"), max_length=60, blank=True)
    department_attribute = models.CharField(_("department"), max_length=60, blank=True, default="department")
    cost_centre_attribute = models.CharField(_("cost centre"), max_length=60, blank=True)
    office_attribute = models.CharField(_("office"), max_length=60, blank=True, default="physicalDeliveryOfficeName")
    extension_attribute = models.CharField(
        _("extension"), max_length=60, blank=True, help_text=_("For instance ipPhone or telephoneNumber.")
    )
    extension_digits = models.PositiveSmallIntegerField(
        _("last digits"), null=True, blank=True,
        help_text=_("How many last digits of that number are the extension. Empty: all."),
    )  # fmt: skip
    phone_system = models.ForeignKey(
        PhoneSystem, models.PROTECT, null=True, blank=True, verbose_name=_("phone system of the extensions")
    )
    create_units = models.BooleanField(
        _("add units that are missing"),
        default=True,
        help_text=_("Departments and cost centres named in the directory."),
    )
    default_office = models.ForeignKey(
        Office, models.PROTECT, null=True, blank=True, verbose_name=_("office of people without one")
    )
    leavers = models.CharField(_("people who are gone"), max_length=5, choices=Leavers.choices, default=Leavers.CLOSE)
    most_leavers = models.PositiveSmallIntegerField(
        _("most leavers"), default=10,
        help_text=_("Percent. When more people than this would be closed at once, nothing is changed."),
    )  # fmt: skip
    interval = models.PositiveSmallIntegerField(_("synchronise"), choices=Interval.choices, default=Interval.NEVER)
    at = models.TimeField(_("daily at"), default="04:00", help_text=_("In the organisation's time zone."))
    next_sync_at = models.DateTimeField(null=True, editable=False, db_index=True)

    class Meta:
        verbose_name = _("directory")
        verbose_name_plural = _("directory")

    def __str__(self) -> str:
        return self.server_uri


class PrivateCallRule(Single):
    """Until when people may say of their own calls that they are private, or business after all (EX-9)."""

    marking_days = models.PositiveSmallIntegerField(
        _("days for marking"), default=30, validators=[MaxValueValidator(400)],
        help_text=_("So many days after a call its person may still mark it. 0: nobody marks calls."),
    )  # fmt: skip

    class Meta:
        verbose_name = _("private calls")
        verbose_name_plural = _("private calls")

    def __str__(self) -> str:
        return str(self.marking_days)


class DirectoryRun(models.Model):
    """One synchronisation of people: what it changed, or why it changed nothing."""

    class State(models.TextChoices):
        """How it ended."""

        RUNNING = "running", _("Running")
        DONE = "done", _("Done")
        HELD_BACK = "held_back", _("Held back")
        FAILED = "failed", _("Failed")
        PREVIEW = "preview", _("Preview")

    APPLICABLE = (State.PREVIEW, State.HELD_BACK)
    """Runs whose shown changes may be made afterwards."""

    started_at = models.DateTimeField(_("started"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    state = models.CharField(_("state"), max_length=10, choices=State.choices, default=State.RUNNING)
    scheduled = models.BooleanField(_("by schedule"), default=False)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, blank=True, related_name="+", verbose_name=_("by")
    )
    entries = models.PositiveIntegerField(_("entries"), default=0)
    counts = models.JSONField(default=dict)
    """Rows by kind of change, as SheetImport.counts."""
    error = models.TextField(_("error"), blank=True)
    plan = models.BinaryField(default=bytes)
    """The changes as compressed JSON."""

    class Meta:
        verbose_name = _("synchronisation")
        verbose_name_plural = _("synchronisations")
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M} {self.state}"


class MailServer(Single):
    """The server that sends the product's mails; without an entry the environment's SMTP settings hold."""

    class Security(models.TextChoices):
        """How the connection is encrypted."""

        NONE = "none", _("None")
        STARTTLS = "starttls", _("STARTTLS")
        TLS = "tls", _("TLS")

    host = models.CharField(_("server"), max_length=200, blank=True)
    port = models.PositiveIntegerField(_("port"), default=25)
    security = models.CharField(_("encryption"), max_length=8, choices=Security.choices, default=Security.STARTTLS)
    username = models.CharField(_("user name"), max_length=200, blank=True)
    password = EncryptedField(_("password"), blank=True, default="")
    sender = models.EmailField(_("sender"), blank=True, help_text=_("The address from which mails come."))
    allowed_domains = models.TextField(
        _("domains of recipients"), blank=True,
        help_text=_("One on each line; mails go nowhere else. Empty: to people with an account here only."),
    )  # fmt: skip
    every_address = models.BooleanField(
        _("any address"), default=False,
        help_text=_("Where no domains are named: mails may go to every address, also outside the organisation."),
    )  # fmt: skip
    most_recipients = models.PositiveSmallIntegerField(
        _("recipients of a report"), default=50, validators=[MinValueValidator(1), MaxValueValidator(500)],
        help_text=_("So many at most, for “Send mail” and for each scheduled report."),
    )  # fmt: skip
    shortest_interval = models.PositiveSmallIntegerField(
        _("shortest interval"), default=5, validators=[MinValueValidator(1), MaxValueValidator(1440)],
        help_text=_("Minutes between two runs of a scheduled report. Those that are there keep theirs until changed."),
    )  # fmt: skip
    most_schedules = models.PositiveSmallIntegerField(
        _("scheduled reports of a person"), default=50, validators=[MinValueValidator(1), MaxValueValidator(1000)],
        help_text=_("So many at most, paused ones too. Who is handed over those of others may have more."),
    )  # fmt: skip

    class Meta:
        verbose_name = _("mail server")
        verbose_name_plural = _("mail server")

    def __str__(self) -> str:
        return self.host
