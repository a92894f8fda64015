"""The pages of Budget Control."""

from django.urls import path

from budget.views import accounts, gadgets, rules

urlpatterns = [
    path("gadgets/budget/", gadgets.budget, name="gadget_budget"),
    path("gadgets/budget/live/", gadgets.budget_live, name="gadget_budget_live"),
    path("budgets/", accounts.my_budgets, name="my_budgets"),
    path("budgets/people/", accounts.team_budgets, name="team_budgets"),
    path("budgets/accounts/<int:pk>/", accounts.account_page, name="budget_account"),
    path("budgets/accounts/<int:pk>/history/", accounts.account_history, name="budget_history"),
    path("budgets/accounts/<int:pk>/top-up/", accounts.top_up, name="top_up_budget"),
    path("budgets/rules/", rules.budgets, name="budgets"),
    path("budgets/rules/add/", rules.add, name="add_budget"),
    path("budgets/rules/change/", rules.change_many, name="change_budgets"),
    path("budgets/rules/<int:pk>/", rules.edit, name="edit_budget"),
    path("budgets/rules/<int:pk>/pause/", rules.pause, name="pause_budget"),
    path("budgets/rules/<int:pk>/resume/", rules.resume, name="resume_budget"),
    path("budgets/rules/<int:pk>/delete/", rules.delete, name="delete_budget"),
    path("budgets/rules/<int:pk>/restore/", rules.restore, name="restore_budget"),
]
