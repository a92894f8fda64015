"""What each family of desk phones can show, where the phone does not say so itself."""

import re
from dataclasses import dataclass

ALL = frozenset({"Menu", "Text", "Input", "Directory", "Status", "StatusFile"})
WITHOUT_STATUS = ALL - {"Status", "StatusFile"}
TEXT_ONLY = frozenset({"Menu", "Text"})
FAMILIES: tuple[tuple[str, frozenset[str]], ...] = (
    ("8821", WITHOUT_STATUS), ("8831", WITHOUT_STATUS), ("88", ALL), ("985", ALL), ("986", ALL), ("987", ALL),
    ("840", TEXT_ONLY), ("860", TEXT_ONLY),
)  # fmt: skip
"""By what the model's number begins with; the first that fits counts. Every other phone shows no status."""
NUMBER = re.compile(r"\b(?:CP|DP|Cisco)[- ]?(\d{3,4})", re.IGNORECASE)
LOAD = re.compile(r"sip(\d\d)(\d\d|xx)", re.IGNORECASE)
POSTING = ("78", "88")


@dataclass(frozen=True, slots=True)
class PhoneModel:
    """A model by its name, for instance CP-8841, DP-9851 or Cisco 7821."""

    name: str = ""

    @property
    def number(self) -> str:
        """The number in the name, '' for others."""
        found = NUMBER.search(self.name)
        return found[1] if found else ""

    @property
    def shows(self) -> frozenset[str]:
        """The kinds of documents that it can show."""
        return next((kinds for begin, kinds in FAMILIES if self.number.startswith(begin)), WITHOUT_STATUS)

    @property
    def shows_status(self) -> bool:
        """Whether a lock can stay visible above the calls."""
        return "StatusFile" in self.shows

    @property
    def posts_forms(self) -> bool:
        """Whether it can send what was typed in the body of a request."""
        return self.number.startswith(POSTING) and len(self.number) == 4


def model_by_load(load: str) -> str:
    """Return a name of the model's family by its firmware, for instance CP-8800 for sip88xx.14-2-1; '' for others."""
    found = LOAD.match(load)
    return f"CP-{found[1]}{found[2].lower().replace('xx', '00')}" if found else ""
