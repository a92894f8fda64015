"""The chart of a period: what was used so far, what is expected, and the limit; as coordinates for the template."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from django.utils import formats
from django.utils.translation import get_language_bidi

from budget.models import Budget, BudgetPeriod
from budget.services.forecast import Outlook
from budget.services.quantities import in_words

WIDTH, HEIGHT = 1120.0, 300.0
START, END, TOP, BOTTOM = 8.0, 1112.0, 34.0, 262.0
MOST_LABELS = 6


@dataclass(frozen=True, slots=True)
class Label:
    """A word of the chart."""

    x: float
    y: float
    words: str
    anchor: str


@dataclass(frozen=True, slots=True)
class Picture:
    """Everything that the template draws."""

    width: float
    height: float
    used: str
    """Points of the line of what was used."""
    area: str
    expected: str
    """Points of the dashed line of what is expected; '' when the period is over."""
    limit: float
    """Height of the line of the limit."""
    start: float
    end: float
    bottom: float
    labels: list[Label]
    limit_label: Label


def picture(budget: Budget, period: BudgetPeriod, seen: Outlook) -> Picture:
    """Return the chart of a period; in languages that run from the right it begins there."""
    days = (period.end - period.start).days
    highest = max(period.available, period.spent, seen.expected, 1) * 1.06
    rtl = get_language_bidi()

    def x(place: float) -> float:
        along = START + (END - START) * place / days
        return round(WIDTH - along if rtl else along, 1)

    def y(amount: float) -> float:
        return round(BOTTOM - (BOTTOM - TOP) * max(0.0, amount) / highest, 1)

    points, used = [(x(0), y(0))], 0
    for place, (_day, amount) in enumerate(seen.daily, start=1):
        used += amount
        points.append((x(place), y(used)))
    expected = [points[-1]]
    for place, (_day, amount) in enumerate(seen.expected_daily, start=len(seen.daily) + 1):
        used += amount
        expected.append((x(place), y(used)))
    limit = y(period.available)
    return Picture(
        WIDTH, HEIGHT, line(points), line([*points, (points[-1][0], BOTTOM), (points[0][0], BOTTOM)]),
        line(expected) if len(expected) > 1 else "", limit, START, END, BOTTOM, day_labels(period.start, days, x),
        Label(x(0), limit - 7, str(in_words(budget, period.available)), "start"),
    )  # fmt: skip


def line(points: list[tuple[float, float]]) -> str:
    """Return points as SVG takes them."""
    return " ".join(f"{x},{y}" for x, y in points)


def day_labels(start: date, days: int, x: Callable[[float], float]) -> list[Label]:
    """Return the names of some days below the chart."""
    step = max(1, -(-days // MOST_LABELS))
    found = []
    for number in range(0, days, step):
        words = formats.date_format(date.fromordinal(start.toordinal() + number), "j M")
        # The first one begins with the chart: its middle would leave the picture on a phone.
        found.append(Label(x(number + 0.5 if number else 0), HEIGHT - 10, words, "middle" if number else "start"))
    return found
