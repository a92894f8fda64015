"""A report as it is asked for outside of its page: by its slug and the page's query string, for one person."""

from dataclasses import dataclass

from django.http import QueryDict
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from accounting.models import User
from accounting.services.masking import mask_for
from reports.catalogue import REPORTS
from reports.catalogue.base import Report
from reports.engine.fields import Asker
from reports.engine.question import Question, asker_for, read_question

NOT_ASKED = ("export", "after", "before", "size")
"""Keys of a page's address that an export has no use for."""


class AskedWrongly(Exception):  # noqa: N818  (what people read)
    """The report cannot be run so; the text says everything that is wrong, in the reader's language."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A report, what it is asked, and for whom."""

    report: Report
    question: Question
    asker: Asker


def read_asked(slug: str, query: str, reader: User) -> Asked:
    """Return what is asked, with the reader's rights, masks and the active language and zone; raise AskedWrongly."""
    report = REPORTS.get(slug)
    if report is None or not reader.is_active or not report.permission(reader):
        raise AskedWrongly(_("There is no such report."))
    params = QueryDict(query.removeprefix("?"), mutable=True)
    for key in NOT_ASKED:
        params.pop(key, None)
    asker = asker_for(reader, mask_for(reader), params.get("zone", ""))
    with timezone.override(asker.zone):
        reading = read_question(params, report.standard, asker)
    if reading.problems:
        raise AskedWrongly("\n".join(reading.problems))
    return Asked(report, reading.question, asker)


def file_name(report: Report, extension: str) -> str:
    """Return the name of a file with a report made now, in the reader's letters."""
    name = slugify(str(report.name), allow_unicode=True) or report.slug
    return f"{name}-{timezone.localdate():%Y-%m-%d}.{extension}"
