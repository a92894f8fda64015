"""Phone systems, their gateways and extensions, and who holds an extension when."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounting.models.organization import Office
from callanalytics.lib.secrets import EncryptedField


class PhoneSystem(models.Model):
    """One system that delivers call records into an inbox folder of its own, for instance a UCM cluster."""

    class AfterTerm(models.TextChoices):
        """What becomes of calls beyond the term for which they are kept."""

        ANONYMISE = "anonymise", _("Anonymise: keep costs and units, forget people and numbers")
        DELETE = "delete", _("Delete")

    name = models.SlugField(_("name"), max_length=50, unique=True, help_text=_("Also the name of its inbox folder."))
    kind = models.CharField(_("kind"), max_length=20, default="cucm", help_text=_("The format of its call records."))
    office = models.ForeignKey(
        Office,
        models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("default office"),
        help_text=_("Numbers are read as dialled there when neither gateway nor person has an office."),
    )
    enabled = models.BooleanField(_("collect"), default=True)
    created_at = models.DateTimeField(_("created"), auto_now_add=True)
    collecting_until = models.DateTimeField(null=True, editable=False)
    quiet_minutes = models.PositiveIntegerField(
        _("quiet after"), default=60, help_text=_("Minutes without a file before the traffic light turns yellow.")
    )
    keep_days = models.PositiveIntegerField(
        _("keep calls for"), null=True, blank=True, help_text=_("Days. Empty: without limit.")
    )
    after_term = models.CharField(_("then"), max_length=10, choices=AfterTerm.choices, default=AfterTerm.ANONYMISE)
    address = models.CharField(
        _("publisher"), max_length=200, blank=True,
        help_text=_("Host name or address of the UCM publisher, for tests of the connection and for Phone Lock."),
    )  # fmt: skip
    axl_username = models.CharField(_("AXL user"), max_length=100, blank=True)
    axl_password = EncryptedField(_("AXL password"), blank=True, default="")
    certificate = models.TextField(
        _("certificate"), blank=True,
        help_text=_("PEM text of the publisher's certificate or its CA. Empty: the certificates of the system."),
    )  # fmt: skip

    class Meta:
        verbose_name = _("phone system")
        verbose_name_plural = _("phone systems")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Gateway(models.Model):
    """A device through which calls leave or reach a phone system; found by its name in the call records."""

    class Network(models.TextChoices):
        """What lies behind a gateway."""

        PUBLIC = "public", _("Public network")
        INTERNAL = "internal", _("Another phone system of the organisation")
        VOICEMAIL = "voicemail", _("Voicemail system")

    phone_system = models.ForeignKey(
        PhoneSystem, models.PROTECT, related_name="gateways", verbose_name=_("phone system")
    )
    device_name = models.CharField(_("device name"), max_length=129)
    name = models.CharField(_("name"), max_length=80, blank=True)
    office = models.ForeignKey(Office, models.PROTECT, null=True, blank=True, verbose_name=_("office"))
    network = models.CharField(_("leads to"), max_length=10, choices=Network.choices, default=Network.PUBLIC)
    channels = models.PositiveIntegerField(_("channels"), null=True, blank=True, help_text=_("Calls at the same time."))
    found_in_calls = models.BooleanField(_("found in calls"), default=False, editable=False)

    class Meta:
        verbose_name = _("gateway")
        verbose_name_plural = _("gateways")
        ordering = ["name", "device_name"]
        constraints = [models.UniqueConstraint(fields=["phone_system", "device_name"], name="gateway_once_in_system")]

    def __str__(self) -> str:
        return self.name or self.device_name


class Extension(models.Model):
    """An own number of a phone system; recorded at its first call even when nobody has entered it."""

    phone_system = models.ForeignKey(
        PhoneSystem, models.PROTECT, related_name="extensions", verbose_name=_("phone system")
    )
    number = models.CharField(_("number"), max_length=50)
    first_seen = models.DateTimeField(_("first seen"), null=True, blank=True, editable=False)
    found_in_calls = models.BooleanField(_("found in calls"), default=False, editable=False)
    ignored = models.BooleanField(
        _("of no person"), default=False, help_text=_("For instance a fax or a door: not listed as unknown.")
    )
    note = models.CharField(_("note"), max_length=120, blank=True)

    class Meta:
        verbose_name = _("extension")
        verbose_name_plural = _("extensions")
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["phone_system", "number"], name="extension_once_in_system")]

    def __str__(self) -> str:
        return self.number


class LineAssignment(models.Model):
    """Who holds an extension from one moment to another."""

    extension = models.ForeignKey(Extension, models.CASCADE, related_name="assignments", verbose_name=_("extension"))
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="lines", verbose_name=_("person"))
    valid_from = models.DateTimeField(_("valid from"), null=True, blank=True, help_text=_("Empty: since ever."))
    valid_to = models.DateTimeField(
        _("valid to"), null=True, blank=True, help_text=_("Not included. Empty: until further notice.")
    )
    from_directory = models.BooleanField(default=False, editable=False)
    """Given by the directory, which may take it back; other lines of the person are not its business."""

    class Meta:
        verbose_name = _("extension assignment")
        verbose_name_plural = _("extension assignments")
        ordering = ["extension", "valid_from"]

    def __str__(self) -> str:
        return f"{self.extension}: {self.user}"


class Device(models.Model):
    """An extension seen on a phone: names the member who answered when UCM records the hunt pilot only."""

    phone_system = models.ForeignKey(PhoneSystem, models.CASCADE, verbose_name=_("phone system"))
    name = models.CharField(_("device name"), max_length=129)
    number = models.CharField(_("extension"), max_length=50, blank=True)
    first_seen = models.DateTimeField(_("first seen"), null=True, blank=True, editable=False)
    pilot = models.CharField(
        max_length=50, blank=True, editable=False,
        help_text="Hunt pilot under which calls of this phone stand until its extension is known.",
    )  # fmt: skip

    class Meta:
        verbose_name = _("phone")
        verbose_name_plural = _("phones")
        ordering = ["name", "first_seen"]
        constraints = [
            models.UniqueConstraint(
                fields=["phone_system", "name", "number"],
                condition=~models.Q(number=""),
                name="device_once_with_number",
            ),
            models.UniqueConstraint(
                fields=["phone_system", "name", "pilot"], condition=models.Q(number=""), name="device_waits_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.number}"
