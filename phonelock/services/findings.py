"""What a step of a check has found."""

from dataclasses import dataclass
from enum import StrEnum


class Light(StrEnum):
    """How a step stands."""

    GOOD = "good"
    WARNING = "warn"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Found:
    """What a step has found, and what to do next."""

    light: Light
    text: str
