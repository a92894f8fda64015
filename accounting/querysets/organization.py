"""Reads over the tree of departments."""

from collections.abc import Iterable

from django.apps import apps


def subtree(departments: Iterable[int]) -> set[int]:
    """Return the ids of these departments and of all below them."""
    children: dict[int | None, list[int]] = {}
    for pk, parent in apps.get_model("accounting", "Department").objects.values_list("pk", "parent_id"):
        children.setdefault(parent, []).append(pk)
    found: set[int] = set()
    waiting = list(departments)
    while waiting:
        pk = waiting.pop()
        if pk not in found:
            found.add(pk)
            waiting.extend(children.get(pk, []))
    return found


def ancestors(departments: Iterable[int]) -> set[int]:
    """Return the ids of these departments and of all above them."""
    wanted = set(departments)
    if not wanted:
        return wanted
    parents = dict(apps.get_model("accounting", "Department").objects.values_list("pk", "parent_id"))
    found: set[int] = set()
    for pk in wanted:
        above: int | None = pk
        while above is not None and above not in found:
            found.add(above)
            above = parents.get(above)
    return found
