"""Tells people by mail that an export which took long is ready to be downloaded."""

from datetime import timedelta
from urllib.parse import urljoin

import structlog
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import get_language_bidi
from django.utils.translation import gettext as _

from accounting.models import Job, MailPurpose, User
from accounting.services.mailing import RecipientRefusedError
from accounting.services.outbox import Letter, post
from accounting.services.retention import FILES_KEPT

log = structlog.get_logger(__name__)
LONG = timedelta(seconds=30)
"""Who waits no longer than this is still looking at the page."""


def tell_ready(job: Job, reader: User, name: str, rows: int) -> None:
    """Post the mail that an export is ready, in the active language; nothing when the export took a short time."""
    now = timezone.now()
    if now - job.created_at < LONG or not reader.email:
        return
    context = {
        "subject": _("Ready: %(name)s") % {"name": name},
        "name": name,
        "rows": rows,
        "link": urljoin(settings.PORTAL_URL, reverse("report_export", args=[job.pk])),
        "kept_until": now + FILES_KEPT,
        "start": "right" if get_language_bidi() else "left",
    }
    letter = Letter(
        key=f"export:{job.pk}",
        purpose=MailPurpose.EXPORT,
        subject=str(context["subject"]),
        text=render_to_string("emails/report/ready.txt", context),
        html=render_to_string("emails/report/ready.html", context),
        language=translation.get_language() or settings.LANGUAGE_CODE,
    )
    try:
        post(letter, [reader.email])
    except RecipientRefusedError as error:
        log.warning("export_notice_refused", job=job.pk, reason=str(error))
