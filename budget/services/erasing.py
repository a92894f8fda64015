"""What budget control forgets: erased people, and days beyond the term for which calls are kept."""

from accounting.models import PhoneSystem, User
from accounting.services.forgetting import delete_rows
from accounting.services.retention import end_of_term
from budget.models import Account, Budget, BudgetEvent, BudgetException, ChargeDay
from budget.services.ledger import locked


def forget_person(person: User, name: str) -> None:
    """Delete a person's own budgets, accounts with their history, and exceptions; pots keep their sums."""
    with locked():  # a round that has read the person's calls ends before
        forget_accounts(person)
    for event in BudgetEvent.objects.exclude(mailed_to=[]).only("mailed_to").iterator():
        if name in event.mailed_to:
            told = [str(person) if one == name else one for one in event.mailed_to]
            BudgetEvent.objects.filter(pk=event.pk).update(mailed_to=told)


def forget_accounts(person: User) -> None:
    """Delete what the ledger holds of a person, inside its lock."""
    Budget.objects.filter(person=person).delete()
    Account.objects.filter(person=person).delete()
    BudgetException.objects.filter(person=person).delete()
    # As the calls themselves: they lose extension and owner, and keep their units.
    ChargeDay.objects.filter(user_id=person.pk).update(user_id=None, extension="")


def forget_old_days() -> None:
    """Delete the charge days of calls that are no longer kept; the periods keep their sums."""
    for phone_system in PhoneSystem.objects.exclude(keep_days=None):
        end = end_of_term(phone_system.keep_days or 0)
        delete_rows(ChargeDay.objects.filter(phone_system_id=phone_system.pk, slice__lt=end))
