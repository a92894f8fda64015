"""Price a call, exactly: whole millionths inside, rounded once by the tariff's rule, with every step told."""

from dataclasses import dataclass
from datetime import datetime

from accounting.models import CallType, Pricing


@dataclass(frozen=True, slots=True)
class Price:
    """The price of one call on one trunk."""

    pricing: Pricing
    micro: int | None
    """Cost in millionths of the currency unit; None when unpriced; 0 when not chargeable."""
    currency: str
    rate_id: int | None


class PriceBook:
    """Carriers of gateways, tariffs, bands, rates and holidays, read once."""

    def price(
        self,
        *,
        gateway_id: int | None,
        number: str,
        call_type: CallType,
        incoming: bool,
        answered_at: datetime | None,
        seconds: int,
    ) -> Price:
        """Return the price of `seconds` on a gateway to `number` (as NumberAnalysis.number), answered at an aware moment.

        Unanswered calls and incoming calls without a rate for incoming calls are not chargeable.
        """
        raise NotImplementedError


def load_price_book() -> PriceBook:
    """Read gateways, carriers, tariffs, bands, rates and holidays from the database."""
    raise NotImplementedError
