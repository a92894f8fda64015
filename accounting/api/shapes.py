"""What the operations of the programming interface share: shapes of bodies and answers, checked values, pages."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

from django.utils.translation import gettext as _
from ninja import Field, Schema
from pydantic import AfterValidator, AwareDatetime, ConfigDict
from pydantic_core import PydanticCustomError

from accounting.api.door import Fault, wrong_value
from accounting.models import User
from callanalytics.web.pagination import Position
from callanalytics.web.requests import HIGHEST_ID

EARLIEST, LATEST = datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)
MOST = 500
"""Rows of one page."""
READ: dict[Any, Any] = {401: Fault, 403: Fault, 422: Fault, 429: Fault}
ONE: dict[Any, Any] = {**READ, 404: Fault}
CHANGE: dict[Any, Any] = {**READ, 400: Fault, 409: Fault, 413: Fault}


def storable(text: str) -> str:
    """Refuse what no database keeps."""
    if "\0" in text:
        raise PydanticCustomError("sign", "sign")
    return text


def sensible(moment: datetime) -> datetime:
    """Refuse times beyond every calendar in use."""
    if not EARLIEST < moment < LATEST:
        raise PydanticCustomError("datetime_range", "range")
    return moment


Id = Annotated[int, Field(ge=1, le=HIGHEST_ID)]
Text = Annotated[str, AfterValidator(storable)]
Moment = Annotated[AwareDatetime, AfterValidator(sensible)]
Cursor = Annotated[Text, Field(max_length=60)]
Limit = Annotated[int, Field(ge=1, le=MOST)]


class Shape(Schema):
    """What is sent; OpenAPI says of each value what stands below it here."""

    model_config = ConfigDict(use_attribute_docstrings=True)


class Strict(Shape):
    """A body or query in which every name must be known: a mistyped one would silently do something else."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True)


class PersonOut(Shape):
    """A person."""

    username: str
    name: str


class UnitOut(Shape):
    """A department, cost centre, office or gateway."""

    id: int
    """By which filters name it."""
    name: str


class DaysOut(Shape):
    """The days that an answer is about, both included; null: open."""

    first: date | None
    last: date | None


def people_of(ids: Iterable[int | None]) -> dict[int, PersonOut]:
    """Return people by their ids; one query."""
    found = User.objects.in_bulk({pk for pk in ids if pk})
    return {pk: PersonOut(username=person.username, name=str(person)) for pk, person in found.items()}


def amount_text(amount: Decimal | None) -> str | None:
    """Return an amount as an exact decimal."""
    return None if amount is None else f"{amount:f}"


def position_of(cursor: str) -> Position | None:
    """Return the place in a list by time that a cursor names, None for its begin; refuse what is none."""
    try:
        return Position.parse(cursor) if cursor else None
    except ValueError as error:
        raise wrong_cursor() from error


def number_of(cursor: str) -> int:
    """Return the number that a cursor names, 0 for the begin of the list; refuse what is none."""
    if not cursor:
        return 0
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < 19):
        raise wrong_cursor()
    return int(cursor)


def wrong_cursor() -> Exception:
    """Return the refusal of a cursor that no answer has given."""
    return wrong_value("cursor", _("This is no cursor of this list: send what “next” of the page before says."))
