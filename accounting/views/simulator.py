"""“What does this call cost?”: the chain of rules for any call, at an address that can be shared (COST-5)."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounting.forms.simulator import INCOMING, OUTGOING, SimulatorForm
from accounting.models import CallRecord, Direction, Gateway, Pricing
from accounting.services.rating import Price, Quote, Topic
from accounting.services.simulating import Simulation, simulate, zone_at
from callanalytics.lib.money import from_micro
from callanalytics.web.permissions import administrators, require
from callanalytics.web.requests import AuthenticatedRequest

WIDTH = 1000
NARROWEST = 3


@dataclass(frozen=True, slots=True)
class Comparison:
    """What one tariff would take for the call, as a bar beside the others."""

    quote: Quote
    cost: Decimal | None
    width: int
    """In thousandths of the dearest of the same currency."""
    percent: Decimal | None
    """Difference to the call's own price, None where there is nothing to compare."""
    is_own: bool

    @property
    def mirrored(self) -> int:
        """Where the bar begins seen from the other side, for languages written from right to left."""
        return WIDTH - self.width


@dataclass(frozen=True, slots=True)
class Remedy:
    """The way to a missing carrier, tariff or rate."""

    label: str | Promise
    url: str


@require_safe
@require(administrators)
def simulator(request: AuthenticatedRequest) -> HttpResponse:
    """Show the form and, when a call is asked about, what it costs and why."""
    asked = "number" in request.GET
    form = SimulatorForm(request.GET) if asked else SimulatorForm(initial=first_values())
    context: dict[str, object] = {"form": form}
    if asked and form.is_valid():
        answer = simulate(form.question())
        context |= {
            "answer": answer,
            "cost": cost_of(answer.price),
            "comparisons": compared(answer),
            "remedy": remedy(answer),
        }
    return render(request, "accounting/simulator.html", context)


def first_values() -> dict[str, object]:
    """Return what the empty form begins with: the first gateway to the public network, three minutes, outgoing."""
    gateway = Gateway.objects.filter(network=Gateway.Network.PUBLIC).first()
    return {"gateway": gateway, "duration": "0:03:00", "direction": OUTGOING}


def cost_of(price: Price) -> Decimal | None:
    """Return the cost of a price, None when the call is unpriced."""
    return None if price.micro is None else from_micro(price.micro)


def compared(answer: Simulation) -> list[Comparison]:
    """Return what each tariff in force takes, the call's own first, then the cheapest; currencies are not mixed."""
    own_tariff = next((step.values.get("tariff_id") for step in answer.steps if step.topic == Topic.TARIFF), None)
    comparable = [one.price.micro or 0 for one in answer.quotes if one.price.currency == answer.price.currency]
    dearest = max(comparable, default=0)
    found = [
        Comparison(
            quote,
            cost_of(quote.price),
            bar_width(quote.price.micro or 0, dearest) if quote.price.currency == answer.price.currency else 0,
            None if quote.tariff.id == own_tariff else difference(quote.price, answer.price),
            quote.tariff.id == own_tariff,
        )
        for quote in answer.quotes
    ]
    return sorted(found, key=order)


def bar_width(micro: int, dearest: int) -> int:
    """Return the width of a bar in thousandths of the dearest price; nothing for what costs nothing."""
    return max(micro * WIDTH // dearest, NARROWEST) if micro and dearest else 0


def order(one: Comparison) -> tuple[bool, str, bool, Decimal, str]:
    """Return the place of a comparison in the list."""
    return (not one.is_own, one.quote.price.currency, one.cost is None, one.cost or Decimal(0), one.quote.tariff.name)


def difference(price: Price, own: Price) -> Decimal | None:
    """Return by how much percent a price lies above the call's own one of the same currency."""
    if price.currency != own.currency or not price.micro or not own.micro:
        return None
    return Decimal(price.micro - own.micro) * 100 / own.micro


def remedy(answer: Simulation) -> Remedy | None:
    """Return where the missing carrier, tariff or rate can be entered, None when nothing is missing."""
    steps = {step.topic: step for step in answer.steps}
    if answer.price.pricing == Pricing.NO_CARRIER:
        gateway = answer.question.gateway
        return Remedy(
            _("Enter the carrier of this gateway"), reverse("admin:accounting_gateway_change", args=[gateway.pk])
        )
    if answer.price.pricing == Pricing.NO_TARIFF:
        return Remedy(_("Open the tariffs of this carrier"), reverse("tariffs"))
    if answer.price.pricing == Pricing.NO_RATE:
        values = {"tariff": steps[Topic.TARIFF].values["tariff_id"], "prefix": answer.analysis.number.removeprefix("+")}
        if answer.question.incoming:
            values["incoming"] = "1"
        return Remedy(_("Enter a rate"), f"{reverse('admin:accounting_rate_add')}?{urlencode(values)}")
    return None


def address_for(record: CallRecord) -> str:
    """Return the simulator's address for a recorded call, '' for one that was not answered over a gateway."""
    gateway = Gateway.objects.select_related("office").filter(pk=record.gateway_id or 0).first()
    incoming = record.direction == Direction.INCOMING
    # What was dialled may be an own number, of a call that was forwarded to the outside.
    public = incoming or record.other_number.startswith("+")
    number = record.other_number if public else record.dialled_number or record.other_number
    if gateway is None or record.answered_at is None or not number:
        return ""
    moment: datetime = record.answered_at.astimezone(zone_at(gateway)).replace(tzinfo=None)
    values = {
        "number": number,
        "gateway": gateway.pk,
        "direction": INCOMING if incoming else OUTGOING,
        "moment": moment.isoformat(timespec="seconds"),
        "duration": record.trunk_seconds,
    }
    return f"{reverse('simulator')}?{urlencode(values)}"
