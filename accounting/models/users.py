"""The person who signs in, and the role that decides what calls this person sees."""

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.validators import UnicodeUsernameValidator
from django.db import models
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What calls a person sees: own, those of the supervised units, or all (ACC-3)."""

    USER = "user", _("User")
    SUPERVISOR = "supervisor", _("Supervisor")
    ADMINISTRATOR = "administrator", _("Administrator")


class User(AbstractUser):
    """A person of the organisation; signs in with the directory's or a local password."""

    class Origin(models.TextChoices):
        """Where a person comes from."""

        LOCAL = "local", _("Entered here")
        DIRECTORY = "directory", _("Directory")
        FILE = "file", _("File")

    username = models.CharField(
        _("user name"),
        max_length=150,
        unique=True,
        validators=[UnicodeUsernameValidator()],
        help_text=_("Letters, digits and @ . + - _ only."),
        error_messages={"unique": _("Another person has this user name.")},
    )
    role = models.CharField(_("role"), max_length=16, choices=Role.choices, default=Role.USER)
    language = models.CharField(_("language"), max_length=8, blank=True, help_text=_("Empty: the browser's language."))
    time_zone = models.CharField(
        _("time zone"), max_length=64, blank=True, help_text=_("Empty: the zone of the person's office.")
    )
    employee_number = models.CharField(_("employee number"), max_length=40, blank=True)
    origin = models.CharField(_("from"), max_length=10, choices=Origin.choices, default=Origin.LOCAL, editable=False)
    directory_key = models.CharField(max_length=64, null=True, unique=True, editable=False)  # noqa: DJ001  (unique)
    """The directory's lasting key of this person, hexadecimal; survives renaming."""
    left_at = models.DateTimeField(_("left"), null=True, blank=True, editable=False)
    """When the person left: the account and lines are closed, past calls keep the person."""

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        ordering = ["last_name", "first_name", "username"]
        indexes = [models.Index(Lower("email"), name="person_by_address")]

    def __str__(self) -> str:
        return self.get_full_name() or self.username

    @property
    def is_administrator(self) -> bool:
        """Whether this person sees all calls and every setting."""
        return self.is_active and (self.role == Role.ADMINISTRATOR or self.is_superuser)

    @property
    def is_supervisor(self) -> bool:
        """Whether this person sees the calls of supervised units."""
        return self.is_active and self.role == Role.SUPERVISOR

    @property
    def is_overseer(self) -> bool:
        """Whether this person sees calls of others: supervisors and administrators."""
        return self.is_administrator or self.is_supervisor

    def has_perm(self, perm: str, obj: object | None = None) -> bool:
        """Return whether the person may do something in the set-up: administrators may do everything."""
        return self.is_administrator or super().has_perm(perm, obj)  # type: ignore[arg-type]

    def has_module_perms(self, app_label: str) -> bool:
        """Return whether the person may see an app in the set-up."""
        return self.is_administrator or super().has_module_perms(app_label)

    def save(self, *args: object, **kwargs: object) -> None:
        """Store the person; administrators may open the set-up."""
        self.is_staff = self.role == Role.ADMINISTRATOR or self.is_superuser
        super().save(*args, **kwargs)  # type: ignore[arg-type]
