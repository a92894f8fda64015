"""The rates of one tariff as a sheet: a carrier's price list, also one that changes prices from a day on."""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property
from typing import Any

from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounting.models import CallType, Rate, TariffBand
from accounting.sheets.base import (
    DATE_FORMS,
    MOST_SPLIT,
    NO,
    YES,
    YES_NO,
    CellErrors,
    Change,
    ChangeKind,
    Column,
    Plan,
    Row,
    RowError,
    Sheet,
    text_up_to,
    whole_number,
    yes_no,
)

BATCH = 2_000
EVERY = "*"
"""The prefix that every number has."""
LONGEST_PREFIX = 15
MOST_IN_RANGE = 1_000
LONGEST_SECONDS = 86_400
MILLIONTH = Decimal("0.000001")
NOISE = Decimal("0.000000001")
"""What binary fractions of spreadsheet programs may be off."""
HIGHEST = Decimal("999999.999999")
BETWEEN = re.compile(r"[,;\n|/]+|\s+(?=\+)")
RANGE = re.compile(r"(\d{1,20})\s*[-–]\s*(\d{1,20})")
SIGNS = str.maketrans("", "", " \u00a0+().")
AMOUNT = re.compile(r"[0-9]+(?:[.,][0-9]+)?(?:[eE]-?[0-9]{1,2})?")
GROUPED = re.compile(r"[0-9]{1,3}(?:([.,' ])[0-9]{3})(?:\1[0-9]{3})*(?!\1)([.,])[0-9]+")
TYPES = {kind.name.lower(): kind for kind in CallType}
NAMES = {kind: name for name, kind in TYPES.items()}
MONEY = ("connection_fee", "price_per_minute", "minimum", "maximum")
DAYS = ("valid_from", "valid_to")


def amount(text: str) -> str:
    """Return an amount with decimal point, whichever sign it was written with; raise ValidationError.

    A single comma or point is a decimal sign; of two different ones the last is, the other groups thousands.
    """
    tidy = text.replace("\u00a0", " ").strip()
    if grouped := GROUPED.fullmatch(tidy):
        tidy = tidy.replace(grouped[1], "").replace(",", ".")
    elif not AMOUNT.fullmatch(tidy):
        raise ValidationError(_("“%(value)s” is not an amount, for instance 0.0315 or 0,0315."), params={"value": text})
    exact = Decimal(tidy.replace(",", "."))
    found = exact.quantize(MILLIONTH, ROUND_HALF_UP) if exact <= HIGHEST else exact
    if abs(found - exact) > NOISE:
        raise ValidationError(_("“%(value)s” has more than six decimals."), params={"value": text})
    if found > HIGHEST:
        raise ValidationError(_("“%(value)s” is more than a price can be."), params={"value": text})
    return amount_text(found)


def amount_text(value: Decimal | None) -> str:
    """Return an amount in its canonical form, without zeros at its end; '' for none."""
    if value is None:
        return ""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def day(text: str) -> str:
    """Return a day as 2026-11-30; raise ValidationError."""
    for form in DATE_FORMS:
        try:
            return datetime.strptime(text.strip(), form).date().isoformat()  # noqa: DTZ007  (a day, no moment)
        except ValueError:
            continue
    raise ValidationError(_("“%(value)s” is not a day; write it like 2026-11-30."), params={"value": text})


def prefix(text: str) -> str:
    """Return one prefix as digits that begin with the country code; raise ValidationError."""
    if text.strip() == EVERY:
        return EVERY
    digits = text.translate(SIGNS).replace("-", "").removeprefix("00")
    if not (digits.isascii() and digits.isdecimal() and len(digits) <= LONGEST_PREFIX):
        raise ValidationError(
            _("“%(value)s” is no prefix: write the country code and the digits after it, for instance 4930."),
            params={"value": text},
        )
    return digits


def prefixes(text: str) -> list[str]:
    """Return the prefixes that one cell lists: “4930, 4940; 4989-4991”; the cell itself where it lists none.

    Of more than MOST_SPLIT only so many that the file is refused.
    """
    found: list[str] = []
    for part in filter(None, (part.strip() for part in BETWEEN.split(text))):
        found += in_range(part) or [part]
        if len(found) > MOST_SPLIT:
            break
    return found or [text]


def in_range(text: str) -> list[str]:
    """Return the prefixes from one to another of the same length, [] for what is no such range."""
    ends = RANGE.fullmatch(text.translate(SIGNS))
    if ends is None or len(ends[1]) != len(ends[2]) or not 0 <= int(ends[2]) - int(ends[1]) < MOST_IN_RANGE:
        return []
    return [str(digits).zfill(len(ends[1])) for digits in range(int(ends[1]), int(ends[2]) + 1)]


class Rates(Sheet):
    """The rates of `scope.tariff`; with `scope.effective_on` old rates end and new ones begin on that day."""

    kind = "rates"
    of_tariff = True
    label = _("Rates")
    description = _("A carrier's price list: prefixes with their prices, fees and increments.")
    icon = "coins"
    key_columns = ("prefix", "call_type", "incoming", "band", "valid_from")
    missing_text = _("Remove rates that are not in the file")
    page = "admin:accounting_rate_changelist"
    columns = (
        Column("prefix", _("prefix"), required=True, example="4930", read=prefix,
               help=_("Country code and following digits; several as 4930, 4940; 4989-4991. * is every number.")),
        Column("destination", _("destination"), example="Germany, Berlin", read=text_up_to(60)),
        Column("call_type", _("call type"), choices={name: kind.label for name, kind in TYPES.items()},
               help=_("Empty: every type.")),
        Column("incoming", _("incoming"), default=NO, choices=YES_NO, help=_("yes: for incoming calls.")),
        Column("band", _("band"), help=_("The name of a band of the tariff. Empty: at all hours.")),
        Column("valid_from", _("valid from"), read=day, help=_("Empty: as long as the tariff.")),
        Column("valid_to", _("valid to"), read=day, help=_("Not included.")),
        Column("connection_fee", _("connection fee"), default="0", read=amount),
        Column("price_per_minute", _("price per minute"), required=True, example="0.0315", read=amount,
               help=_("With decimal point or comma, at most six decimals.")),
        Column("first_increment", _("first increment"), default="1", example="60",
               read=whole_number(1, LONGEST_SECONDS), help=_("Seconds.")),
        Column("increment", _("following increment"), default="1", example="1",
               read=whole_number(1, LONGEST_SECONDS), help=_("Seconds.")),
        Column("minimum", _("minimum charge"), default="0", read=amount),
        Column("free_seconds", _("free seconds"), default="0", read=whole_number(0, LONGEST_SECONDS)),
        Column("maximum", _("maximum charge"), read=amount, help=_("Empty: none.")),
    )  # fmt: skip

    def begin(self, rows: Sequence[Row]) -> None:
        """See whether the rows name the days from which they hold."""
        self._cells: dict[tuple[str, str], str] = {}
        self._dated = self.change_day is None and any("valid_from" in row for row in rows)

    @property
    def change_day(self) -> date | None:
        """The day on which old rates end and new ones begin; None: rates change as a whole."""
        return self.scope.effective_on

    def split(self, row: Row) -> list[Row]:
        """Return a row for each prefix that a row lists."""
        return [row | {"prefix": one} for one in prefixes(row.get("prefix", ""))]

    @cached_property
    def bands(self) -> dict[str, TariffBand]:
        """The tariff's bands by name."""
        return {band.name.casefold(): band for band in TariffBand.objects.filter(tariff=self.scope.tariff)}

    def cell(self, column: Column, text: str) -> str:
        """Return a value; a price list has few different ones, so each is read once."""
        cells: dict[tuple[str, str], str] = self.__dict__.setdefault("_cells", {})
        found = cells.get((column.name, text))
        if found is None:
            found = self.band(text) if column.name == "band" and text else super().cell(column, text)
            cells[column.name, text] = found
        return found

    def band(self, text: str) -> str:
        """Return the name of a band of the tariff; raise ValidationError."""
        found = self.bands.get(text.casefold())
        if found is None:
            known = ", ".join(band.name for band in self.bands.values()) or "–"
            raise ValidationError(
                _("The tariff has no band “%(value)s”; it has: %(known)s."), params={"value": text, "known": known}
            )
        return found.name

    def key(self, values: Row) -> str:
        """Return prefix, call type, direction and band, and the beginning where the file names days."""
        found = (
            f"{values.get('prefix', '')}|{values.get('call_type', '')}|{values.get('incoming') or NO}"
            f"|{values.get('band', '').casefold()}"
        )
        return f"{found}|{values.get('valid_from', '')}" if self._is_dated else found

    @property
    def _is_dated(self) -> bool:
        # Without a file (export) every rate is a row of its own.
        return bool(self.__dict__.get("_dated", True))

    @classmethod
    def title(cls, values: Row) -> str:
        """Return prefix and destination."""
        parts = (values.get("prefix", ""), values.get("destination", ""), values.get("band", ""))
        return " · ".join(part for part in parts if part)

    @cached_property
    def stored(self) -> dict[str, Rate]:
        """The rates that lines are compared with, by key."""
        by_key: defaultdict[str, list[Rate]] = defaultdict(list)
        for rate in Rate.objects.filter(tariff=self.scope.tariff).select_related("band").order_by("prefix", "pk"):
            by_key[self.key(self.row(rate))].append(rate)
        found: dict[str, Rate] = {}
        for key, rates in by_key.items():
            if self._is_dated:
                found |= {key if not number else f"{key}|{number}": rate for number, rate in enumerate(rates)}
            elif (chosen := self.chosen(rates)) is not None:
                found[key] = chosen
        return found

    def chosen(self, rates: list[Rate]) -> Rate | None:
        """Return the rate that lines without days mean: the one in force on the day, else, for today, the newest."""
        on = self.change_day or timezone.localdate()
        holding = [rate for rate in rates if (rate.valid_from or date.min) <= on < (rate.valid_to or date.max)]
        candidates = holding or ([] if self.change_day else rates)
        return max(candidates, key=lambda rate: (rate.valid_from or date.min, rate.pk), default=None)

    def current(self) -> dict[str, Row]:
        """Return the tariff's rates."""
        return {key: self.row(rate) for key, rate in self.stored.items()}

    def row(self, rate: Rate) -> Row:
        """Return one rate."""
        return {
            "prefix": rate.prefix.removeprefix("+") or EVERY,
            "destination": rate.destination,
            "call_type": NAMES[CallType(rate.call_type)] if rate.call_type is not None else "",
            "incoming": yes_no(rate.incoming),
            "band": rate.band.name if rate.band else "",
            "valid_from": rate.valid_from.isoformat() if rate.valid_from else "",
            "valid_to": rate.valid_to.isoformat() if rate.valid_to else "",
            "connection_fee": amount_text(rate.connection_fee),
            "price_per_minute": amount_text(rate.price_per_minute),
            "first_increment": str(rate.first_increment),
            "increment": str(rate.increment),
            "minimum": amount_text(rate.minimum),
            "free_seconds": str(rate.free_seconds),
            "maximum": amount_text(rate.maximum),
        }

    def complete(self, values: Row, before: Row | None) -> Row:
        """Refuse an end before the beginning, a maximum below the minimum, and days besides the day of change."""
        whole = {**before, **values} if before else values
        errors = {}
        if self.change_day:
            if any(values.get(name) and (before is None or values[name] != before[name]) for name in DAYS):
                errors["valid_from"] = gettext("A file for a change on a day must not name days of its own.")
        elif whole["valid_from"] and whole["valid_to"] and whole["valid_to"] <= whole["valid_from"]:
            errors["valid_to"] = gettext("The end must lie after the beginning; the last day itself is not included.")
        if whole["maximum"] and Decimal(whole["maximum"]) < Decimal(whole["minimum"]):
            errors["maximum"] = gettext("The maximum charge is below the minimum charge.")
        if errors:
            raise CellErrors(errors)
        if self.change_day:
            return {name: value for name, value in values.items() if before is None or name not in DAYS}
        return values

    def notes(self, change: Change) -> list[str]:
        """Return by how much the price per minute changes."""
        old = Decimal(change.before.get("price_per_minute") or 0)
        if not old:
            return []
        percent = (Decimal(change.values["price_per_minute"]) - old) * 100 / old
        return [gettext("price per minute %(percent)s %%") % {"percent": f"{percent:+.1f}"}]

    def check(self, plan: Plan) -> list[RowError]:
        """Say on which day the prices change."""
        if self.change_day:
            text = gettext("Prices change on %(day)s: the old rates end and the new ones begin on that day.")
            plan.notes.append(text % {"day": self.change_day.isoformat()})
        return []

    def tables(self) -> list[QuerySet[Any]]:
        """Return the tariff's rates."""
        return [Rate.objects.filter(tariff=self.scope.tariff)]

    def apply(self, changes: Sequence[Change]) -> None:
        """Write the changes: whole rows at once, past calls keep the rates that priced them."""
        stored = self.stored
        gone = [stored[change.key] for change in changes if change.kind == ChangeKind.REMOVED]
        changed = [change for change in changes if change.kind == ChangeKind.CHANGED]
        added = [self.rate(change.values) for change in changes if change.kind == ChangeKind.ADDED]
        if self.change_day:
            self.begin_added(added)
            added += self.succeed([*gone, *(stored[change.key] for change in changed)], changed)
        else:
            delete([rate.pk for rate in gone])
            # A row written anew with its old id: forty thousand single updates would take minutes.
            delete([stored[change.key].pk for change in changed])
            added += [self.rate(change.values, stored[change.key].pk) for change in changed]
        Rate.objects.bulk_create(added, batch_size=BATCH)

    def begin_added(self, added: Sequence[Rate]) -> None:
        """Let new rates begin on the day of change and end where one that was entered for later begins."""
        later: dict[str, date] = {}
        for rate in Rate.objects.filter(tariff=self.scope.tariff, valid_from__gt=self.change_day).select_related(
            "band"
        ):
            key = self.key(self.row(rate))
            later[key] = min(later.get(key, date.max), rate.valid_from or date.max)
        for rate in added:
            rate.valid_from, rate.valid_to = self.change_day, later.get(self.key(self.row(rate)))

    def succeed(self, old: Sequence[Rate], changed: Sequence[Change]) -> Iterator[Rate]:
        """End old rates on the day of change, or delete those that began on it; yield their successors."""
        begun = [rate.pk for rate in old if rate.valid_from == self.change_day]
        ending = [rate.pk for rate in old if rate.valid_from != self.change_day]
        ends = {rate.pk: rate.valid_to for rate in old}
        delete(begun)
        for start in range(0, len(ending), BATCH):
            Rate.objects.filter(pk__in=ending[start : start + BATCH]).update(valid_to=self.change_day)
        for change in changed:
            rate = self.rate(change.values)
            rate.valid_from, rate.valid_to = self.change_day, ends[self.stored[change.key].pk]
            yield rate

    def rate(self, values: Row, pk: int | None = None) -> Rate:
        """Return a rate as a row says."""
        assert self.scope.tariff is not None
        band = self.bands.get(values["band"].casefold()) if values["band"] else None
        return Rate(
            pk=pk,
            tariff=self.scope.tariff,
            prefix="" if values["prefix"] == EVERY else values["prefix"],
            destination=values["destination"],
            call_type=TYPES[values["call_type"]] if values["call_type"] else None,
            incoming=values["incoming"] == YES,
            band=band,
            first_increment=int(values["first_increment"]),
            increment=int(values["increment"]),
            free_seconds=int(values["free_seconds"]),
            **{name: date.fromisoformat(values[name]) if values[name] else None for name in DAYS},
            **{name: Decimal(values[name]) if values[name] else None for name in MONEY},
        )


def delete(ids: Sequence[int]) -> None:
    """Delete rates in bulk, without a signal for each."""
    table = connection.ops.quote_name(Rate._meta.db_table)
    with connection.cursor() as cursor:
        for start in range(0, len(ids), BATCH):
            part = ids[start : start + BATCH]
            marks = ", ".join(["%s"] * len(part))
            cursor.execute(f"DELETE FROM {table} WHERE id IN ({marks})", part)  # noqa: S608  (our own table's name)
