"""Figures: what was measured beside its limit, one line each."""

import time
from collections.abc import Callable, Sequence
from statistics import median


def show(name: str, value: float, limit: float, *, most: bool = False) -> None:
    """Print one figure and whether it keeps its limit: a least value, or with `most` a greatest one."""
    good = value <= limit if most else value >= limit
    print(f"{name} {value:.3g} {limit:g} {'ok' if good else 'short'}", flush=True)


def note(text: str) -> None:
    """Print what stands behind the figures, as a comment."""
    print(f"# {text}", flush=True)


def seconds(work: Callable[[], object]) -> float:
    """Return how long a piece of work takes."""
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def told(values: Sequence[float]) -> str:
    """Return the median with all values, for a note."""
    return f"{median(values):.3g} ({', '.join(f'{value:.3g}' for value in values)})"
