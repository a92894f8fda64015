"""Writes the audit log: settings by themselves whenever they are saved, everything else by record()."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import ObjectDoesNotExist
from django.db import models
from django.db.models.signals import post_delete, post_save, pre_save

from accounting.models import (
    ApiToken,
    AuditedAction,
    AuditEntry,
    Carrier,
    CostCentre,
    Department,
    Directory,
    Extension,
    GadgetRules,
    GadgetSignIn,
    Gateway,
    GatewayCarrier,
    LineAssignment,
    MailServer,
    MaskingRule,
    Membership,
    NumberRule,
    Office,
    PhoneSystem,
    PrivateCallRule,
    PublicHoliday,
    Rate,
    Supervision,
    Tariff,
    TariffBand,
    User,
)
from callanalytics.lib.secrets import EncryptedField

AUDITED: set[type[models.Model]] = {
    ApiToken, Carrier, CostCentre, Department, Directory, Extension, GadgetRules, GadgetSignIn, Gateway, GatewayCarrier,
    LineAssignment, MailServer, MaskingRule, Membership, NumberRule, Office, PhoneSystem, PrivateCallRule,
    PublicHoliday, Rate, Supervision, Tariff, TariffBand, User,
}  # fmt: skip
"""Models whose every saved change is an entry; bulk writers call record() once for the whole."""
SILENT_FIELDS = frozenset(
    {"id", "last_login", "date_joined", "collecting_until", "next_sync_at", "is_staff", "last_used_at", "hashed"}
)
SECRET_FIELDS = frozenset({"password"})
SECRET = "•••"  # noqa: S105  (what stands for one)
LONGEST_VALUE = 500


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts, and from where."""

    id: int | None
    name: str
    address: str | None = None


NOBODY = Actor(None, "")
_actor: ContextVar[Actor] = ContextVar("actor", default=NOBODY)
_paused: ContextVar[bool] = ContextVar("audit_paused", default=False)
_whole: ContextVar[int | None] = ContextVar("audit_whole", default=None)


def actor_of(user: Any, address: str | None = None) -> Actor:
    """Return a signed-in person as actor, nobody for strangers."""
    if not isinstance(user, User):
        return NOBODY if address is None else Actor(None, "", address)
    return Actor(user.pk, f"{user} ({user.username})"[:200], address)


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    """Let entries within name this actor."""
    token = _actor.set(actor)
    try:
        yield
    finally:
        _actor.reset(token)


@contextmanager
def unrecorded() -> Iterator[None]:
    """Save many rows without an entry each; the caller records the whole in one, and rows by services.row_changes."""
    token = _paused.set(True)
    try:
        yield
    finally:
        _paused.reset(token)


@contextmanager
def below(whole: AuditEntry) -> Iterator[None]:
    """Let entries within be rows of this one: lists show them on request, histories name the whole."""
    token = _whole.set(whole.pk)
    try:
        yield
    finally:
        _whole.reset(token)


def record(
    action: AuditedAction,
    subject_type: str,
    subject: str = "",
    *,
    subject_id: object = "",
    changes: Mapping[str, list[str]] | None = None,
    **details: Any,
) -> AuditEntry:
    """Add and return an entry by the present actor; `details` are further facts, as JSON can hold them."""
    actor = _actor.get()
    return AuditEntry.objects.create(
        actor_id=actor.id,
        actor=actor.name,
        address=actor.address,
        action=action,
        subject_type=subject_type,
        subject_id=str(subject_id),
        subject=subject[:255],
        changes=dict(changes or {}),
        details=details,
        whole_id=_whole.get(),
    )


def values_of(row: models.Model) -> dict[str, Any]:
    """Return the stored values of a row by field name, without those that say nothing to an auditor."""
    return {
        field.name: getattr(row, field.attname)
        for field in row._meta.concrete_fields
        if field.name not in SILENT_FIELDS
    }


def remember(sender: type[models.Model], instance: models.Model, raw: bool = False, **_others: Any) -> None:
    """Keep what the database holds before a save."""
    if sender not in AUDITED or raw or _paused.get():
        return
    before = models.QuerySet(sender).filter(pk=instance.pk).first() if instance.pk else None
    instance.__dict__["_audit_before"] = before


def record_save(
    sender: type[models.Model], instance: models.Model, created: bool, raw: bool = False, **_others: Any
) -> None:
    """Add an entry when a save has added a row or changed one of its values."""
    if sender not in AUDITED or raw or _paused.get():
        return
    before = instance.__dict__.pop("_audit_before", None)
    changes = differences(before, instance)
    if created or changes:
        action = AuditedAction.ADDED if created else AuditedAction.CHANGED
        record(action, sender._meta.model_name or "", str(instance), subject_id=instance.pk, changes=changes)


def record_deletion(sender: type[models.Model], instance: models.Model, **_others: Any) -> None:
    """Add an entry when a row is deleted, with what it held."""
    if sender not in AUDITED or _paused.get():
        return
    changes = {name: [before, ""] for name, (_after, before) in differences(None, instance).items()}
    record(AuditedAction.DELETED, sender._meta.model_name or "", str(instance), subject_id=instance.pk, changes=changes)


def differences(before: models.Model | None, after: models.Model) -> dict[str, list[str]]:
    """Return by field name what a row held before ('' when it is new) and holds now, as text."""
    old = values_of(before) if before else {}
    found = {}
    for name, value in values_of(after).items():
        if before is None and value in (None, "", False):
            continue
        if before is None or str(old[name]) != str(value):
            found[name] = [text_of(before, name) if before else "", text_of(after, name)]
    return found


def text_of(row: models.Model, name: str) -> str:
    """Return a value as the audit log keeps it: choices as stored, related rows by name, secrets never."""
    field = row._meta.get_field(name)
    try:
        value = getattr(row, name)
    except ObjectDoesNotExist:
        # A band goes with its rates: when they are recorded, it has no name any more.
        value = row.__dict__.get(f"{name}_id")
    if isinstance(field, EncryptedField) or name in SECRET_FIELDS:
        return SECRET if value else ""
    return "" if value is None else str(value)[:LONGEST_VALUE]


pre_save.connect(remember, dispatch_uid="audit_before")
post_save.connect(record_save, dispatch_uid="audit_saved")
post_delete.connect(record_deletion, dispatch_uid="audit_deleted")
