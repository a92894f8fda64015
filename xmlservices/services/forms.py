"""Forms on phones: each has a short token that is taken once, and wrong PINs slow their address down."""

import secrets
from datetime import timedelta

from django.utils import timezone

from accounting.models import User
from phonelock.models import PhoneForm
from xmlservices.services.identity import PhoneLine, lines_for

VALID = timedelta(minutes=5)
KEPT = timedelta(hours=2)
WATCHED, A_MINUTE = timedelta(minutes=10), timedelta(minutes=1)
MOST_FAILURES = 60
"""Wrong PINs from one address within WATCHED; many phones may share one."""
MOST_FORMS = 600
"""Forms given to one address within a minute."""
CLEARED_AT_ONCE = 500


def give(purpose: str, device_name: str, source: str | None, line: PhoneLine, person: User) -> str:
    """Return the token of a new form for the holder of a line."""
    token = secrets.token_urlsafe(12)
    PhoneForm.objects.create(
        token=token, purpose=purpose, device_name=device_name, address=source, extension=line.extension,
        user=person,
    )  # fmt: skip
    return token


def take(token: str) -> tuple[PhoneForm, PhoneLine] | None:
    """Return the form of a token and its line, once; None when it is used, too old, or the line has another holder."""
    now = timezone.now()
    token = token.replace("\0", "")
    open_forms = PhoneForm.objects.filter(token=token[:32], used_at=None, made_at__gt=now - VALID)
    if not token or not open_forms.update(used_at=now):
        return None
    form = PhoneForm.objects.select_related("extension").get(token=token)
    [line] = lines_for([form.extension])
    return (form, line) if line.holder and line.holder.pk == form.user_id else None


def note_failure(form: PhoneForm) -> None:
    """Keep that the PIN in a form was wrong."""
    PhoneForm.objects.filter(pk=form.pk).update(failed=True)


def is_braked(source: str | None) -> bool:
    """Return whether so many wrong PINs or questions came from an address that it has to wait for a while."""
    now = timezone.now()
    given = PhoneForm.objects.filter(address=source)
    failures = given.filter(failed=True, used_at__gt=now - WATCHED).count()
    return failures >= MOST_FAILURES or given.filter(made_at__gt=now - A_MINUTE).count() >= MOST_FORMS


def clear_old() -> int:
    """Delete forms that nobody can use any more; return how many."""
    old = PhoneForm.objects.filter(made_at__lt=timezone.now() - KEPT).values_list("pk", flat=True)[:CLEARED_AT_ONCE]
    return PhoneForm.objects.filter(pk__in=list(old)).delete()[0]
