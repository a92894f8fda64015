"""What keeps rows from going back to what they were: calls, other rows that need them, names given to others."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any

from django.db import models
from django.db.models import Exists, OuterRef
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from accounting.models import Extension, ExtensionDay, LineAssignment, UnitHalfHour, User
from accounting.services.keeping import UNIT_KINDS
from accounting.services.row_changes import RowChange

AT_ONCE = 500
RowKey = tuple[type[models.Model], int]


def key_of(change: RowChange) -> RowKey:
    """Return which row a change is about."""
    return change.model, change.pk


def parts(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """Yield ids in handy numbers: SQLite takes a limited number of parameters."""
    for start in range(0, len(ids), AT_ONCE):
        yield ids[start : start + AT_ONCE]


def leaving(back: Sequence[RowChange]) -> dict[type[models.Model], list[int]]:
    """Return the rows that would be deleted, by table."""
    found: dict[type[models.Model], list[int]] = defaultdict(list)
    for one in back:
        if one.after is None:
            found[one.model].append(one.pk)
    return found


def called(back: Sequence[RowChange]) -> dict[RowKey, str]:
    """Return which rows would be deleted although calls name them, or although the person has signed in."""
    found: dict[RowKey, str] = {}
    calls, signed_in = _("Calls name it."), _("The person has signed in since.")
    for model, ids in leaving(back).items():
        for part in parts(ids):
            rows: models.QuerySet[Any] = models.QuerySet(model).filter(pk__in=part)
            if (query := named_in_calls(model)) is not None:
                found |= {(model, pk): calls for pk in rows.filter(query).values_list("pk", flat=True)}
            if model is User:
                found |= {(User, pk): calls for pk in people_with_calls(part)}
                seen = rows.filter(last_login__isnull=False).values_list("pk", flat=True)
                found |= {(User, pk): signed_in for pk in seen}
    return found


def named_in_calls(model: type[models.Model]) -> Exists | None:
    """Return the condition that calls name a unit or an extension, by totals that have an index for it."""
    if model in UNIT_KINDS:
        kind = UNIT_KINDS[model][0]
        return Exists(UnitHalfHour.objects.filter(unit_kind=kind, unit_id=OuterRef("pk")))
    if model is Extension:
        own = ExtensionDay.objects.filter(
            extension=OuterRef("number"), phone_system_id=OuterRef("phone_system_id")
        )  # fmt: skip
        return Exists(own)
    return None


def people_with_calls(ids: Sequence[int]) -> set[int]:
    """Return the people to whom calls belong, looked up by the extensions that they hold."""
    own = ExtensionDay.objects.filter(
        extension=OuterRef("extension__number"), phone_system_id=OuterRef("extension__phone_system_id"),
        user_id=OuterRef("user_id"),
    )  # fmt: skip
    return set(LineAssignment.objects.filter(Exists(own), user__in=ids).values_list("user_id", flat=True))


def missing_targets(back: Sequence[RowChange]) -> dict[RowKey, str]:
    """Return which rows would refer to something that is gone."""
    wanted: dict[type[models.Model], set[int]] = defaultdict(set)
    returning = {key_of(one) for one in back if one.before is None}
    links = [(one, link, value) for one in back for link, value in targets(one)]
    for _one, link, value in links:
        wanted[link.related_model].add(value)
    there = {
        (model, pk)
        for model, ids in wanted.items()
        for part in parts(sorted(ids))
        for pk in models.QuerySet(model).filter(pk__in=part).values_list("pk", flat=True)
    } | returning
    return {
        key_of(one): _("%(kind)s is gone.") % {"kind": capfirst(str(link.verbose_name))}
        for one, link, value in links
        if (link.related_model, value) not in there
    }


def targets(change: RowChange) -> Iterator[tuple[Any, int]]:
    """Yield the links that a row gets back, with the primary keys to which they lead."""
    names = set(change.differing()) if change.after is not None else set()
    for one in change.model._meta.concrete_fields:
        value = (change.after or {}).get(one.attname)
        if one.is_relation and one.attname in names and value is not None:
            yield one, value


def taken_keys(back: Sequence[RowChange]) -> dict[RowKey, str]:
    """Return which rows would get a name or number that another row has by now."""
    found, gone = {}, leaving(back)
    for model in {one.model for one in back}:
        mine = [one for one in back if one.model is model and one.after is not None]
        for names in unique_sets(model) if mine else ():
            changed = [one for one in mine if set(names) & set(one.differing())]
            if not changed:
                continue
            ids = {tuple(key): pk for pk, *key in models.QuerySet(model).values_list("pk", *names)}
            for one in changed:
                key = tuple((one.after or {})[name] for name in names)
                if any(part is not None for part in key) and ids.get(key, one.pk) not in (one.pk, *gone[model]):
                    found[key_of(one)] = _("Another row has its name or number by now.")
    return found


def unique_sets(model: type[models.Model]) -> list[tuple[str, ...]]:
    """Return the columns that no two rows may share."""
    single = [(one.attname,) for one in model._meta.concrete_fields if one.unique and not one.primary_key]
    attnames = {one.name: one.attname for one in model._meta.concrete_fields}
    several = [
        tuple(attnames[name] for name in constraint.fields)
        for constraint in model._meta.constraints
        if isinstance(constraint, models.UniqueConstraint) and constraint.fields and constraint.condition is None
    ]
    return [*single, *several]


def referred_to(back: Sequence[RowChange]) -> dict[RowKey, str]:
    """Return which rows would be deleted although others that stay refer to them."""
    found: dict[RowKey, str] = {}
    after = {key_of(one): one.after for one in back}
    for model, ids in leaving(back).items():
        for relation in model._meta.related_objects:
            link = relation.field
            if not link.concrete or link.many_to_many:
                continue
            for part in parts(ids):
                rows: models.QuerySet[Any] = models.QuerySet(relation.related_model).filter(
                    **{f"{link.name}__in": part}
                )
                for pk, value in rows.values_list("pk", link.attname):
                    stays = after.get((link.model, pk), {link.attname: value})
                    if stays is not None and stays.get(link.attname) == value:
                        kind = capfirst(str(link.model._meta.verbose_name_plural))
                        found[model, value] = _("%(kind)s refer to it.") % {"kind": kind}
    return found
