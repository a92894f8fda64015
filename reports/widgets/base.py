"""The contract of a widget: what it shows to one reader, in a place of a given width."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.functional import Promise

from accounting.models import User
from callanalytics.web.permissions import Permission, everyone


@dataclass(frozen=True, slots=True)
class Sight:
    """Who looks at a widget, and how; language and time zone are the active ones."""

    reader: User
    columns: int
    """How many of the twelve columns of the screen it has."""
    period: str = ""
    """One of the widget's periods; '' for widgets without."""
    report: int | None = None
    """The saved report of a widget that shows one."""
    narrow: bool = False
    """Whether the screen is that of a phone."""


@dataclass(frozen=True, slots=True)
class Content:
    """What a widget shows: a template and what it needs."""

    template: str
    context: Mapping[str, Any] = field(default_factory=dict)
    address: str = ""
    """Where there is more of it; '' for nowhere."""
    zone: ZoneInfo | None = None
    """Whose clock its times are told by; None: the reader's."""


@dataclass(frozen=True, slots=True)
class Widget:
    """One widget of the catalogue."""

    slug: str
    label: str | Promise
    description: str | Promise
    icon: str
    show: Callable[[Sight], Content]
    permission: Permission = everyone
    width: int = 4
    """Columns that it begins with, of twelve."""
    height: int = 4
    """Rows that it begins with."""
    periods: tuple[str, ...] = ()
    """Names of callanalytics.lib.periods that may be chosen, the usual one first."""
    kept_seconds: int = 60
    """How long what it shows is kept for the same reader; 0 for what must always be true."""


class NothingToShow(Exception):  # noqa: N818  (what people read)
    """The widget cannot show anything; the text says why, in the reader's language."""
