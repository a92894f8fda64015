"""Gadgets: pages inside Jabber and Webex, how they may be framed, and who is signed in there."""

from __future__ import annotations

from datetime import timedelta
from typing import Self

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounting.models.connections import Single

PROGRAMS = (("Jabber", "Jabber"), ("Webex", "Webex"), ("Edg", "Edge"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"),
            ("Safari/", "Safari"))  # fmt: skip
SYSTEMS = (("iPhone", "iOS"), ("iPad", "iPadOS"), ("Android", "Android"), ("Windows", "Windows"), ("Mac OS", "macOS"),
           ("Linux", "Linux"))  # fmt: skip
"""What stands in the names that browsers give themselves, most telling first, and what it is called."""
WEBEX = "https://*.webex.com https://*.wbx2.com"


class GadgetRules(Single):
    """Whether gadgets may be opened, inside which programs, and how long people stay signed in."""

    enabled = models.BooleanField(_("gadgets can be opened"), default=False)
    session_days = models.PositiveSmallIntegerField(
        _("stay signed in for"), default=30, validators=[MinValueValidator(1), MaxValueValidator(400)],
        help_text=_("Days, also when the program is closed. A shorter time holds for present sign-ins, too."),
    )  # fmt: skip
    origins = models.TextField(
        _("may be shown inside pages of"), blank=True, default=WEBEX,
        help_text=_("Origins with spaces between them, for instance https://*.webex.com. Empty: inside no other page."),
    )  # fmt: skip

    class Meta:
        verbose_name = _("rules for gadgets")
        verbose_name_plural = _("rules for gadgets")

    def __str__(self) -> str:
        return str(_("Gadgets"))

    @property
    def lasting(self) -> timedelta:
        """How long a sign-in lasts."""
        return timedelta(days=self.session_days)


class GadgetSignInQuerySet(models.QuerySet["GadgetSignIn"]):
    """Sign-ins of gadgets, narrowed step by step."""

    def alive(self, rules: GadgetRules) -> Self:
        """Keep those that open something now: not revoked, not too old, of an active person."""
        oldest = timezone.now() - rules.lasting
        return self.filter(revoked_at=None, created_at__gt=oldest, user__is_active=True)

    def of_people_named(self, typed: str) -> Self:
        """Keep those of people in whose names each of the typed words stands."""
        found = self
        for word in typed.split()[:5]:
            names = Q(user__first_name__icontains=word) | Q(user__last_name__icontains=word)
            found = found.filter(names | Q(user__username__icontains=word))
        return found

    def dead(self, rules: GadgetRules) -> Self:
        """Keep all others."""
        return self.exclude(pk__in=self.alive(rules).values("pk"))


class GadgetSignIn(models.Model):
    """One sign-in of a person in a gadget, which administrators can end."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="gadget_sign_ins", verbose_name=_("person")
    )
    program = models.CharField(_("program"), max_length=200, blank=True)
    """As the browser inside it calls itself."""
    created_at = models.DateTimeField(_("signed in"), default=timezone.now)
    last_used_at = models.DateTimeField(_("last used"), default=timezone.now, editable=False)
    """Kept to the hour or so."""
    revoked_at = models.DateTimeField(_("ended"), null=True, editable=False)

    objects = GadgetSignInQuerySet.as_manager()

    class Meta:
        verbose_name = _("sign-in of a gadget")
        verbose_name_plural = _("sign-ins of gadgets")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.user} {self.created_at:%Y-%m-%d}"

    @property
    def program_name(self) -> str:
        """The program and its system as people call them; as it calls itself where it is not known."""
        found = (next((name for mark, name in names if mark in self.program), "") for names in (PROGRAMS, SYSTEMS))
        return ", ".join(filter(None, found)) or self.program
