"""Reads over the tree of departments."""

from collections.abc import Iterable, Mapping

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
    return above(wanted, dict(apps.get_model("accounting", "Department").objects.values_list("pk", "parent_id")))


def above(departments: Iterable[int], parents: Mapping[int, int | None]) -> set[int]:
    """Return departments with all above them in a tree that is given by each one's parent."""
    found: set[int] = set()
    for department in departments:
        one: int | None = department
        while one is not None and one not in found:
            found.add(one)
            one = parents.get(one)
    return found
