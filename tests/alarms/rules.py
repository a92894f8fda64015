"""Rules of every kind as an owner would set them up, and looks with them."""

from typing import Any

from django.utils import timezone

from accounting.models import User
from alarms.kinds import KINDS
from alarms.kinds.looking import latest_marks
from alarms.models import Alarm, AlarmRule, RuleRun
from alarms.services.evaluating import run_now

SELDOM = 20_000
"""Minutes between due times: none must come while a test runs."""


def parameters(kind: str, owner: User, **typed: Any) -> dict[str, Any]:
    """Return what the form of a kind accepts: its defaults, with what is typed otherwise."""
    form_class = KINDS[kind].form
    empty = form_class(owner=owner)
    data = {name: field.initial for name, field in empty.fields.items() if field.initial is not None}
    form = form_class({name: value for name, value in (data | typed).items() if value is not False}, owner=owner)
    assert form.is_valid(), form.errors
    accepted = form.parameters()
    again = form_class(
        {
            name: value
            for name, value in form_class(owner=owner, initial=accepted).initial.items()
            if value not in (False, None)
        },
        owner=owner,
    )
    assert again.is_valid(), again.errors
    assert again.parameters() == accepted
    return accepted


def rule(kind: str, owner: User, zone: str = "Europe/Berlin", **typed: Any) -> AlarmRule:
    """Make a rule that looks at what arrives from now on."""
    return AlarmRule.objects.create(
        name=kind, kind=kind, owner=owner, marks=latest_marks(), parameters=parameters(kind, owner, **typed),
        unit="minutes", every=SELDOM, zone=zone, next_run=timezone.now(),
    )  # fmt: skip


def look(one: AlarmRule) -> RuleRun:
    """Look now."""
    fresh = AlarmRule.objects.select_related("owner").get(pk=one.pk)
    assert fresh.owner is not None
    return run_now(fresh, fresh.owner)


def raised(one: AlarmRule) -> list[Alarm]:
    """Look, and return the alarms that this has raised, by their moment."""
    return list(look(one).alarms.order_by("happened_at", "pk"))


def errors(kind: str, owner: User, **typed: Any) -> dict[str, list[str]]:
    """Return what the form of a kind says against something typed."""
    form = KINDS[kind].form(typed, owner=owner)
    return {name: list(map(str, texts)) for name, texts in form.errors.items()}
