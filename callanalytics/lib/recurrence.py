"""When something that repeats is due next: every so many minutes, or each day at a time of a zone."""

from datetime import UTC, datetime, time, timedelta
from itertools import count
from zoneinfo import ZoneInfo


def next_after(moment: datetime, rule: int | time, zone: ZoneInfo) -> datetime:
    """Return the first moment (UTC) after an aware one: so many minutes later, or at a time of day in the zone.

    A time that the clocks skip counts when they have jumped; one that they repeat counts once, at its first time.
    """
    if isinstance(rule, int):
        if rule <= 0:
            raise ValueError(f"{rule} minutes never come round")
        return (moment + timedelta(minutes=rule)).astimezone(UTC)
    today = moment.astimezone(zone).date()
    days = (datetime.combine(today + timedelta(days=days), rule, zone).astimezone(UTC) for days in count())
    return next(day for day in days if day > moment)
