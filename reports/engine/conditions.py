"""Conditions on calls, nested with all, any and not; written in an address as `any(number.is(0065…),talk.ge(20))`.

condition := all(condition, …) | any(condition, …) | not(condition) | field.operator(value, …)
value     := text without ( ) , and quotation marks, or a JSON string
"""

import json
import re
from dataclasses import dataclass

from django.utils.translation import gettext as _

DEEPEST, MOST_TESTS, MOST_VALUES, LONGEST = 6, 60, 500, 8000
TOKEN = re.compile(r'\s*([a-z_]+(?:\.[a-z]+)?)\s*\(|\s*(\))|\s*(,)|\s*("(?:[^"\\]|\\.)*")|([^(),"]+)')
PLAIN = re.compile(r'[^(),"\s][^(),"]*[^(),"\s]|[^(),"\s]')


class ConditionError(ValueError):
    """A condition cannot be read or does not hold for this reader; the text says why, in the reader's language."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """One field compared with values."""

    field: str
    operator: str
    values: tuple[str, ...]

    def __str__(self) -> str:
        return f"{self.field}.{self.operator}({','.join(map(written, self.values))})"


@dataclass(frozen=True, slots=True)
class Group:
    """Conditions joined by all or any, or one turned round by not."""

    joint: str
    """"all", "any" or "not"."""
    parts: tuple["Condition", ...]

    def __str__(self) -> str:
        return f"{self.joint}({','.join(map(str, self.parts))})"


Condition = Comparison | Group
EVERYTHING = Group("all", ())
JOINTS = ("all", "any", "not")


def written(value: str) -> str:
    """Return a value as it stands in a condition."""
    return value if PLAIN.fullmatch(value) else json.dumps(value, ensure_ascii=False)


def comparisons_in(condition: Condition) -> list[Comparison]:
    """Return all tests of nested conditions."""
    if isinstance(condition, Comparison):
        return [condition]
    return [test for part in condition.parts for test in comparisons_in(part)]


def split_values(text: str) -> tuple[str, ...]:
    """Return the values of a comma-separated list; raises ConditionError when a quotation mark is not closed."""
    return read_values(f"x.is({text})")


def read_values(text: str) -> tuple[str, ...]:
    """Return the values of one test."""
    test = read_condition(text)
    assert isinstance(test, Comparison)
    return test.values


def read_condition(text: str) -> Condition:
    """Return the condition that a text is; raises ConditionError naming the place where it cannot be read."""
    if len(text) > LONGEST:
        raise ConditionError(_("The condition is too long."))
    reader = _Reader(text)
    condition = reader.condition(1)
    reader.end()
    return condition


class _Reader:
    """Reads a condition from left to right."""

    def __init__(self, text: str) -> None:
        self.text, self.place, self.tests = text, 0, 0

    def condition(self, depth: int) -> Condition:
        """Read a condition that begins here."""
        match = TOKEN.match(self.text, self.place)
        if match is None or not match[1]:
            raise self.error(_("a condition is expected"))
        name = match[1]
        self.place = match.end()
        if name in JOINTS:
            return self.group(name, depth)
        field, dot, operator = name.partition(".")
        if not dot:
            raise self.error(_("a field and an operator are expected, for instance talk.ge(20)"))
        self.tests += 1
        if self.tests > MOST_TESTS:
            raise ConditionError(_("The condition has more than %(most)s parts.") % {"most": MOST_TESTS})
        return Comparison(field, operator, self.values())

    def group(self, joint: str, depth: int) -> Group:
        """Read the parts of all, any or not."""
        if depth >= DEEPEST:
            raise ConditionError(_("The condition is nested too deeply."))
        parts = [self.condition(depth + 1)]
        while self.comma_or_end():
            parts.append(self.condition(depth + 1))
        if joint == "not" and len(parts) != 1:
            raise self.error(_("“not” takes one condition"))
        return Group(joint, tuple(parts))

    def values(self) -> tuple[str, ...]:
        """Read the values of a test."""
        found = []
        while True:
            match = TOKEN.match(self.text, self.place)
            if match is None or not (match[4] or match[5]) or not (match[4] or match[5]).strip():
                raise self.error(_("a value is expected"))
            self.place = match.end()
            found.append(self.unquoted(match[4]) if match[4] else match[5].strip())
            if not self.comma_or_end():
                break
        if len(found) > MOST_VALUES:
            raise ConditionError(_("A list has more than %(most)s values.") % {"most": MOST_VALUES})
        return tuple(found)

    def unquoted(self, text: str) -> str:
        """Return the value of a JSON string."""
        try:
            value = str(json.loads(text))
            value.encode()  # half a character, which JSON can write, is none that a database takes
            return value
        except ValueError as error:
            raise self.error(_("a value is expected")) from error

    def comma_or_end(self) -> bool:
        """Return whether another part follows; takes the comma or the closing bracket."""
        match = TOKEN.match(self.text, self.place)
        if match is None or not (match[2] or match[3]):
            raise self.error(_("a comma or a closing bracket is expected"))
        self.place = match.end()
        return bool(match[3])

    def end(self) -> None:
        """Refuse what comes after the condition."""
        if self.text[self.place :].strip():
            raise self.error(_("nothing more is expected"))

    def error(self, what: str) -> ConditionError:
        """Return the error for this place."""
        rest = self.text[self.place : self.place + 20]
        text = _("The condition cannot be read at character %(place)s (“%(rest)s”): %(what)s.")
        return ConditionError(text % {"place": self.place + 1, "rest": rest, "what": what})
