"""Number to call type, country and destination: the site's own rules first, then the public number plans."""

from dataclasses import dataclass

from accounting.models import CallType


@dataclass(frozen=True, slots=True)
class NumberAnalysis:
    """What a number is, read as dialled or shown at one site."""

    number: str
    """E.164 with + for public numbers, digits as they are for internal, short and emergency numbers."""
    call_type: CallType
    country: str
    """ISO 3166 alpha-2 of the number's country, '001' for non-geographic codes such as +800, '' for none."""
    destination: str
    """Name of a site rule's destination, else ''."""
    rule: str
    """Code of the rule that decided, for explanations, for instance 'site-override' or 'public-plan'."""


class NumberPlan:
    """The dial plans of all offices, read once; answers are cached by office, number and direction."""

    def analyse(self, office_id: int | None, number: str, *, incoming: bool) -> NumberAnalysis:
        """Return what this number is at this office (None: only rules for all offices and no country)."""
        raise NotImplementedError

    def is_extension(self, office_id: int | None, number: str) -> bool:
        """Return whether the office's rules or its extension length make this number an own extension."""
        raise NotImplementedError

    def is_voicemail(self, office_id: int | None, number: str) -> bool:
        """Return whether a rule names this number as voicemail."""
        raise NotImplementedError


def load_number_plan() -> NumberPlan:
    """Read all offices and number rules from the database."""
    raise NotImplementedError
