"""Periods of a budget as days: where the next one begins, and the forms that people know."""

from datetime import date, timedelta

from budget.models import Budget, Cycle

A_DAY = timedelta(days=1)


def boundary_after(day: date, cycle: str, first_day: int) -> date:
    """Return the first day after `day` on which a period begins."""
    if cycle == Cycle.WEEK:
        return day + A_DAY * ((first_day - 1 - day.weekday() - 1) % 7 + 1)
    if day.day < first_day:
        return day.replace(day=first_day)
    following = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return following.replace(day=first_day)


def boundary_until(day: date, cycle: str, first_day: int) -> date:
    """Return the last day until `day`, included, on which a period begins."""
    if cycle == Cycle.WEEK:
        return day - A_DAY * ((day.weekday() - first_day + 1) % 7)
    if day.day >= first_day:
        return day.replace(day=first_day)
    return (day.replace(day=1) - A_DAY).replace(day=first_day)


def end_of(budget: Budget, start: date) -> date:
    """Return the day after the last one of the period that begins on `start`."""
    end = boundary_after(start, budget.cycle, budget.first_day)
    # Never empty, also where an office was a day ahead when the last day was set.
    return max(start + A_DAY, min(end, budget.valid_until + A_DAY)) if budget.valid_until else end


def start_at(budget: Budget, day: date) -> date:
    """Return where the period that holds a day begins; the first one begins with the budget."""
    return max(budget.valid_from, boundary_until(day, budget.cycle, budget.first_day))


def is_valid_on(budget: Budget, day: date) -> bool:
    """Return whether a budget holds on a day."""
    return budget.valid_from <= day and (budget.valid_until is None or day <= budget.valid_until)
