"""Access tokens: made, shown once, recognised, revoked; and answers kept for requests that are repeated."""

import hashlib
import json
import secrets
import string
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounting.models import AnsweredRequest, ApiToken, Scope, TokenClient, User
from accounting.services.personal_tables import PersonalTable, also_held

MARK = "ca"
"""How every token begins, so that scanners of source code recognise one that was left there."""
LETTERS = string.ascii_lowercase + string.digits
MOST = 20
"""Tokens that one person may have at a time."""
USED_EVERY = timedelta(minutes=1)
KEPT_FOR = timedelta(hours=24)
STUCK_AFTER = timedelta(minutes=10)


class KeyMisused(Exception):  # noqa: N818  (no fault of the portal)
    """An idempotency key that names another request, or one that is still worked on."""

    def __init__(self, *, is_busy: bool) -> None:
        super().__init__()
        self.is_busy = is_busy


def make(
    user: User, name: str, scopes: Iterable[Scope], client: TokenClient, days: int | None = None
) -> tuple[ApiToken, str]:
    """Make a token for a person, for some days or until it is revoked; return it and the text that is shown once.

    Raises ValidationError when the person has a living token of this name, or too many.
    """
    with transaction.atomic():
        living = ApiToken.objects.alive().filter(user=User.objects.select_for_update().get(pk=user.pk))
        if living.filter(name__iexact=name).exists():
            raise ValidationError(_("You have a token of this name already."), code="name")
        if living.count() >= MOST:
            text = _("You have %(count)s tokens. Revoke one that you do not need any more.")
            raise ValidationError(text % {"count": MOST}, code="most")
        prefix = "".join(secrets.choice(LETTERS) for _place in range(8))
        shown = f"{MARK}_{prefix}_{secrets.token_urlsafe(32)}"
        expires = None if days is None else timezone.now() + timedelta(days=days)
        token = ApiToken.objects.create(
            user=user, name=name, client=client, prefix=prefix, hashed=hash_of(shown),
            scopes=[str(scope) for scope in scopes], expires_at=expires,
        )  # fmt: skip
    return token, shown


def recognise(shown: str) -> ApiToken | None:
    """Return the living token with this text and keep that it was used; None for any other text."""
    if not shown.startswith(f"{MARK}_") or len(shown) > 100:
        return None
    token = ApiToken.objects.alive().select_related("user").filter(hashed=hash_of(shown)).first()
    now = timezone.now()
    if token and (token.last_used_at is None or now - token.last_used_at >= USED_EVERY):
        ApiToken.objects.filter(pk=token.pk).update(last_used_at=now.replace(second=0, microsecond=0))
    return token


def revoke(token: ApiToken) -> None:
    """Let a token open nothing any more, for good."""
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])


def hash_of(shown: str) -> str:
    """Return what is kept of a token."""
    return hashlib.sha256(shown.encode("utf-8", "replace")).hexdigest()


def answered_once(user: User, key: str, request: Iterable[bytes], work: Callable[[], Any]) -> Any:
    """Do a piece of work once for each key of a person; a repetition gets the first answer.

    `request` tells one request from another, `work` returns what JSON can hold. Raises KeyMisused when the key belongs
    to another request, or to one that is still worked on; what was given up is worked on again after ten minutes.
    """
    fingerprint = hashlib.sha256(b"\0".join(request)).hexdigest()
    kept, is_new = AnsweredRequest.objects.get_or_create(user=user, key=key, defaults={"fingerprint": fingerprint})
    if not is_new:
        if kept.fingerprint != fingerprint:
            raise KeyMisused(is_busy=False)
        if kept.answer is not None:
            return kept.answer
        stuck = Q(pk=kept.pk, answer=None, at__lt=timezone.now() - STUCK_AFTER)
        if not AnsweredRequest.objects.filter(stuck).update(at=timezone.now()):
            raise KeyMisused(is_busy=True)
    try:
        answer = json.loads(json.dumps(work(), default=str))
    except BaseException:
        AnsweredRequest.objects.filter(pk=kept.pk).delete()
        raise
    AnsweredRequest.objects.filter(pk=kept.pk).update(answer=answer)
    return answer


def clear_away() -> None:
    """Delete the answers that are too old to be asked for again."""
    AnsweredRequest.objects.filter(at__lt=timezone.now() - KEPT_FOR).delete()


def forget(person: User) -> None:
    """Delete the tokens of an erased person."""
    ApiToken.objects.filter(user=person).delete()
    AnsweredRequest.objects.filter(user=person).delete()


@also_held
def tables(person: User) -> Iterator[PersonalTable]:
    """Yield a person's access tokens, without their secrets."""
    names = ("name", "client", "prefix", "scopes", "created_at", "last_used_at", "expires_at", "revoked_at")
    rows = ApiToken.objects.filter(user=person).order_by("pk").values_list(*names)
    yield PersonalTable("access_tokens.csv", gettext_lazy("Access tokens"), names, rows)
