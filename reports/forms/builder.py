"""What the builder of nested conditions works with: fields, its own words, and conditions as data."""

from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _

from reports.engine.conditions import Comparison, Condition, ConditionError, Group
from reports.engine.fields import Asker
from reports.engine.question import in_words
from reports.forms.sections import Section
from reports.services.choosing import SEARCHES, said


def builder_words(sections: list[Section], asker: Asker) -> dict[str, Any]:
    """Return fields and labels for the script of the options."""
    fields = [
        {
            "name": one.name,
            "label": one.label,
            "operators": one.operators,
            "choices": one.choices,
            "search": reverse("report_choices", args=[one.name]) if one.name in SEARCHES else None,
            "typedToo": one.typed_too,
            "hint": one.hint,
        }
        for section in sections
        for one in section.fields
    ]
    return {
        "fields": fields,
        "joints": [
            ("all", _("All of these must hold")),
            ("any", _("At least one of these must hold")),
            ("none", _("None of these may hold")),
        ],
        "between": {"all": _("and"), "any": _("or"), "none": _("nor")},
        "intro": _("Keep calls for which:"),
        "field": _("Field"),
        "operator": _("Comparison"),
        "value": _("Value"),
        "group": _("Group of conditions"),
        "add": _("Add a condition"),
        "addGroup": _("Add a group in brackets"),
        "remove": _("Remove the condition"),
        "removeGroup": _("Remove the group"),
        "none": _("not (%s)"),
        "picker": {
            "remove": _("Remove %s"),
            "search": _("Search"),
            "nothing": _("Nothing fits."),
            "failed": _("The choices cannot be read at the moment."),
            "more": _("There are more: type on."),
            "typed": _("Add “%s” as typed"),
            "found": _("Choices: %s"),
        },
    }


def tree_of(condition: Condition, asker: Asker) -> dict[str, Any]:
    """Return a condition as data, each value with its words; what holds for none of several is one group."""
    if isinstance(condition, Comparison):
        values = [(value, said(condition.field, value, condition.operator, asker)) for value in condition.values]
        return {"field": condition.field, "operator": condition.operator, "values": values}
    joint, parts = condition.joint, condition.parts
    if joint == "not":
        inner = parts[0]
        joint, parts = "none", inner.parts if isinstance(inner, Group) and inner.joint == "any" else parts
    return {"joint": joint, "parts": [tree_of(part, asker) for part in parts]}


def condition_said(condition: Condition, asker: Asker) -> str:
    """Return a condition in words, as it is written where it does not hold."""
    try:
        return in_words(condition, asker)
    except ConditionError:
        return str(condition)
