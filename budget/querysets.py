"""Reads wider than one filter; visible_to(user) decides whose budgets a person sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from django.db import models
from django.db.models import Q

from accounting.querysets.organization import ancestors, subtree
from accounting.querysets.validity import member_rows

if TYPE_CHECKING:
    from accounting.models import User
    from budget.models import Account, Budget  # noqa: F401  (named in strings)


class BudgetQuerySet(models.QuerySet["Budget"]):
    """Budgets, narrowed step by step."""

    def in_force(self) -> Self:
        """Keep those that are not deleted; paused ones are counted, too."""
        return self.filter(deleted_at=None)


class AccountQuerySet(models.QuerySet["Account"]):
    """Accounts, narrowed step by step."""

    def in_force(self) -> Self:
        """Keep the accounts of budgets that are not deleted."""
        return self.filter(budget__deleted_at=None)

    def own(self, user: User) -> Self:
        """Keep the accounts of this person, and the pots of the units to which the person belongs now."""
        units = units_of(user)
        shared = Q(budget__department_id__in=units[0]) | Q(budget__cost_centre_id__in=units[1])
        return self.in_force().filter(Q(person=user) | (Q(person=None) & shared))

    def visible_to(self, user: User) -> Self:
        """Keep the accounts that this person may see: own ones, those of the supervised, or all."""
        if not user.is_active:
            return self.none()
        if user.is_administrator:
            return self.in_force()
        own = self.own(user)
        return (own | self.supervised(user)) if user.is_supervisor else own

    def supervised(self, user: User) -> Self:
        """Keep the accounts of people in the supervised units at present, and the pots of these units."""
        scopes = list(user.supervisions.values_list("department_id", "cost_centre_id", "office_id"))
        departments = subtree([department for department, _, _ in scopes if department])
        centres = [centre for _, centre, _ in scopes if centre]
        offices = [office for _, _, office in scopes if office]
        member = Q(department_id__in=departments) | Q(cost_centre_id__in=centres) | Q(office_id__in=offices)
        people = member_rows().filter(member).values("user_id")
        pots = Q(person=None) & (Q(budget__department_id__in=departments) | Q(budget__cost_centre_id__in=centres))
        return self.in_force().filter(Q(person_id__in=people) | pots)


def units_of(user: User) -> tuple[set[int], set[int]]:
    """Return the departments (with all above them) and the cost centres of a person now."""
    rows = list(member_rows().filter(user_id=user.pk).values_list("department_id", "cost_centre_id"))
    departments = ancestors(department for department, _ in rows if department)
    return departments, {centre for _, centre in rows if centre}
