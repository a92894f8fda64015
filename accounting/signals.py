"""What is announced upwards, and the counter of changes to people, lines, rules and prices."""

from typing import Any

from django.contrib.auth.signals import user_logged_in
from django.db.models import F
from django.db.models.signals import post_delete, post_save
from django.dispatch import Signal, receiver
from django.http import HttpRequest

from accounting import models
from accounting.services.zones import default_zone
from callanalytics.middleware import DEFAULT_ZONE_KEY

calls_imported = Signal()
"""Sent after commit with `batch_id`, the arrival mark of the new and corrected call records."""
calls_corrected = Signal()
"""Sent after each commit of a correction with the first and the last start of the changed call records (`started`,
`ended`, both included) and `correction_id`; their owner, units, price or destination may have changed. Marking calls as
private or business sends it, too, without a correction (None)."""
person_erased = Signal()
"""Sent within the transaction that erases a person, with `person`, and the `address` and `name` that the person had."""
demo_filled = Signal()
"""Sent when the demo organisation has got its calls; whoever stands above adds what shows its work."""

REFERENCE = (
    models.User,
    models.Office,
    models.Membership,
    models.PhoneSystem,
    models.Gateway,
    models.Extension,
    models.LineAssignment,
    models.NumberRule,
    models.MaskingRule,
    models.Carrier,
    models.GatewayCarrier,
    models.Tariff,
    models.TariffBand,
    models.Rate,
    models.PublicHoliday,
)


def reference_changed() -> None:
    """Raise the revision; bulk writers call this, single saves do it by themselves."""
    if not models.ReferenceRevision.objects.filter(pk=1).update(number=F("number") + 1):
        models.ReferenceRevision.objects.get_or_create(pk=1, defaults={"number": 1})


@receiver([post_save, post_delete])
def raise_revision(sender: type, **kwargs: Any) -> None:
    """Raise the revision when a row that calls depend on is saved or deleted."""
    update_fields = kwargs.get("update_fields")
    if sender in REFERENCE and not kwargs.get("raw") and update_fields != frozenset({"last_login"}):
        reference_changed()


@receiver(user_logged_in)
def keep_zone(sender: type, request: HttpRequest, user: models.User, **kwargs: Any) -> None:
    """Keep the zone of the person's office in the session, so that no page has to look it up."""
    request.session[DEFAULT_ZONE_KEY] = default_zone(user).name
