"""Access tokens: what programs and the desktop companion show instead of a person's password."""

from __future__ import annotations

from datetime import datetime
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _


class Scope(models.TextChoices):
    """What a token opens; never more than its person may."""

    OWN_LOCKS = "locks:own", _("Lock and unlock the own extensions")
    MANAGE_LOCKS = "locks:manage", _("See and lock the extensions of others, as far as its person may")
    READ_CALLS = "calls:read", _("Read calls")
    READ_REPORTS = "reports:read", _("Run reports")
    READ_BUDGETS = "budgets:read", _("Read budgets")
    READ_ALARMS = "alarms:read", _("Read alarms and scheduled alarms")
    MANAGE_ALARMS = "alarms:manage", _("Acknowledge alarms")


FOR_OVERSEERS = frozenset({Scope.MANAGE_LOCKS, Scope.READ_ALARMS, Scope.MANAGE_ALARMS})
"""What only supervisors and administrators may do."""


class TokenClient(models.TextChoices):
    """Who shows a token."""

    PROGRAM = "program", _("Program")
    DESKTOP = "desktop", _("Desktop companion")


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    """Access tokens, narrowed step by step."""

    def visible_to(self, user: object) -> Self:
        """Keep a person's own; administrators see all."""
        if getattr(user, "is_administrator", False):
            return self
        return self.filter(user=user, user__is_active=True)

    def alive(self) -> Self:
        """Keep those that open something now: not revoked, not expired, of an active person."""
        lasting = Q(expires_at=None) | Q(expires_at__gt=timezone.now())
        return self.filter(lasting, revoked_at=None, user__is_active=True)


class ApiToken(models.Model):
    """A secret of one person for one program; kept as a hash, shown once."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="api_tokens", verbose_name=_("person")
    )
    name = models.CharField(_("name"), max_length=80)
    client = models.CharField(_("used by"), max_length=8, choices=TokenClient.choices, default=TokenClient.PROGRAM)
    prefix = models.CharField(_("begins with"), max_length=8)
    """By which people tell their tokens apart; no part of the secret."""
    hashed = models.CharField(max_length=64, unique=True, editable=False)
    """SHA-256: the secret is random and long, so that a slow hash would protect nothing more."""
    scopes = models.JSONField(_("opens"), default=list)
    """Values of Scope."""
    created_at = models.DateTimeField(_("made"), auto_now_add=True)
    last_used_at = models.DateTimeField(_("last used"), null=True, editable=False)
    """Kept to the minute."""
    expires_at = models.DateTimeField(_("expires"), null=True, blank=True)
    revoked_at = models.DateTimeField(_("revoked"), null=True, editable=False)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        verbose_name = _("access token")
        verbose_name_plural = _("access tokens")
        ordering = ["-pk"]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def is_alive(self) -> bool:
        """Whether it opens something now."""
        expired = self.expires_at is not None and self.expires_at <= timezone.now()
        return not expired and self.revoked_at is None and self.user.is_active

    @property
    def scope_labels(self) -> list[str]:
        """What it opens, in words."""
        return [str(Scope(scope).label) for scope in self.scopes if scope in Scope]

    @property
    def ended_at(self) -> datetime | None:
        """Since when it opens nothing, if it was revoked or has expired."""
        return self.revoked_at or (None if self.is_alive else self.expires_at)


class AnsweredRequest(models.Model):
    """A request with an idempotency key and its answer, so that a repetition is answered and not done again."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    key = models.CharField(max_length=64)
    fingerprint = models.CharField(max_length=64)
    """SHA-256 of method, address and body: one key names one request."""
    answer = models.JSONField(null=True)
    """None while it is worked on."""
    at = models.DateTimeField(default=timezone.now, db_index=True)

    class Meta:
        verbose_name = _("answered request")
        verbose_name_plural = _("answered requests")
        constraints = [models.UniqueConstraint(fields=["user", "key"], name="request_once_by_person")]

    def __str__(self) -> str:
        return self.key
