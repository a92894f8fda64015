"""The public reports: one module a category, in the order of the list."""

from reports.catalogue import (
    budgets,
    calls,
    codes,
    costs,
    data,
    destinations,
    rankings,
    security,
    service,
    trend,
    trunks,
)
from reports.catalogue.base import Report

REPORTS: dict[str, Report] = {
    report.slug: report
    for module in (calls, costs, destinations, rankings, trend, service, trunks, codes, budgets, security, data)
    for report in module.REPORTS
}
