"""One round of Budget Control: what the worker does after calls have arrived, and every minute."""

from celery import current_app
from django.db import transaction

from budget.models import Budget
from budget.services.ledger import charge_arrivals
from budget.services.letters import tell
from budget.services.settling import accounts_to_open, tick

TASK = "budget.tasks.follow"
PATIENCE = 2.0  # seconds
FEW = 300
"""Accounts that are opened while somebody waits for a page."""


def follow(seconds: float = 20.0) -> None:
    """Bring all budgets to the present; whatever a worker that died has left is done by the next round."""
    if not Budget.objects.exists():
        return
    tick(seconds)
    charge_arrivals()
    tell()


def follow_shortly() -> None:
    """Let a new budget be seen at once where that is quick; the worker does the rest."""
    if accounts_to_open() <= FEW:
        tick(PATIENCE)
        tell()
    transaction.on_commit(lambda: current_app.send_task(TASK, expires=60), robust=True)
