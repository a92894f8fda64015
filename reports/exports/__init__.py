"""Exports of reports: each format one module that writes a document, all listed here with their limits."""

from django.utils.translation import gettext_lazy as _

from callanalytics.lib.spreadsheets import CONTENT_TYPES
from reports.exports import csv, json, pdf, xlsx
from reports.exports.base import Format

FORMATS: dict[str, Format] = {
    form.name: form
    for form in (
        Format("xlsx", _("Excel (XLSX)"), CONTENT_TYPES["xlsx"], xlsx.write, most_rows=1_000_000, at_once=10_000),
        Format("pdf", _("PDF"), "application/pdf", pdf.write, most_rows=20_000, at_once=500),
        Format("csv", _("CSV"), CONTENT_TYPES["csv"], csv.write, most_rows=10_000_000, at_once=10_000),
        Format("json", _("JSON"), "application/json", json.write, most_rows=10_000_000, at_once=10_000),
    )
}
