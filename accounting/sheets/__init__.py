"""The kinds of sheets; whoever adds one enters it here."""

from accounting.sheets.base import Sheet
from accounting.sheets.cost_centres import CostCentres
from accounting.sheets.departments import Departments
from accounting.sheets.extensions import Extensions
from accounting.sheets.offices import Offices
from accounting.sheets.people import People
from accounting.sheets.rates import Rates
from accounting.sheets.supervision import Supervisions

SHEETS: dict[str, type[Sheet]] = {
    sheet.kind: sheet for sheet in (Offices, Departments, CostCentres, People, Extensions, Supervisions, Rates)
}
"""In the order in which a company is set up: later kinds refer to earlier ones."""
