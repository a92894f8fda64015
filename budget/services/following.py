"""One round of Budget Control: what the worker does after calls have arrived, and every minute."""

from budget.models import Budget
from budget.services.ledger import charge_arrivals
from budget.services.letters import tell
from budget.services.settling import tick


def follow() -> None:
    """Bring all budgets to the present; whatever a worker that died has left is done by the next round."""
    if not Budget.objects.exists():
        return
    tick()
    charge_arrivals()
    tell()
