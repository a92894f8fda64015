"""Access tokens: shown once, kept as a hash, revoked for good, dead with their person, audited."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounting.models import ApiToken, AuditEntry, User
from accounting.services import tokens
from accounting.services.privacy import tables_of

TOKEN = re.compile(r"ca_[a-z0-9]{8}_[A-Za-z0-9_-]{43}")


def make_by_page(client: Client, user: User, **fields: str | list[str]) -> str:
    client.force_login(user)
    page = client.post(
        reverse("own_tokens"), {"name": "Laptop", "client": "desktop", "days": "30", "opens": "locks:own", **fields}
    )
    found = TOKEN.search(page.content.decode())
    assert found, page.content.decode()[:3000]
    return found.group()


def test_a_token_is_shown_once_and_kept_as_a_hash(client: Client, ana: User) -> None:
    shown = make_by_page(client, ana)
    token = ApiToken.objects.get()
    assert shown.split("_", 2)[2] not in repr(vars(token))
    assert token.scopes == ["locks:own"]
    assert token.expires_at is not None
    assert shown not in client.get(reverse("own_tokens")).content.decode()
    assert tokens.recognise(shown) == token
    assert tokens.recognise(shown[:-1]) is None
    entry = AuditEntry.objects.get(subject_type="apitoken")
    assert entry.actor.startswith("Ana Ruiz")
    assert shown.split("_", 2)[2] not in str(entry.changes)
    assert token.hashed not in str(entry.changes)
    again = client.post(
        reverse("own_tokens"), {"name": "laptop", "client": "desktop", "days": "", "opens": "locks:own"}
    )
    assert "You have a token of this name already." in again.content.decode()
    assert ApiToken.objects.count() == 1


def test_use_is_kept_to_the_minute_and_not_audited(client: Client, ana: User) -> None:
    shown = make_by_page(client, ana)
    entries = AuditEntry.objects.count()
    tokens.recognise(shown)
    used = ApiToken.objects.get().last_used_at
    assert used is not None
    assert used.second == used.microsecond == 0
    assert AuditEntry.objects.count() == entries


@pytest.mark.parametrize(
    "end",
    [
        {"revoked_at": timezone.now()},
        {"expires_at": timezone.now() - timedelta(seconds=1)},
    ],
    ids=["revoked", "expired"],
)
def test_ended_tokens_open_nothing(client: Client, ana: User, end: dict[str, object]) -> None:
    shown = make_by_page(client, ana)
    ApiToken.objects.update(**end)
    assert tokens.recognise(shown) is None


def test_a_token_dies_with_its_account(client: Client, ana: User) -> None:
    shown = make_by_page(client, ana)
    ana.is_active = False
    ana.save()
    assert tokens.recognise(shown) is None


def test_everybody_revokes_the_own_tokens_and_administrators_all(
    client: Client, ana: User, cleo: User, admin: User
) -> None:
    shown = make_by_page(client, ana)
    token = ApiToken.objects.get()
    client.force_login(cleo)
    assert client.post(reverse("revoke_token", args=[token.pk])).status_code == 404
    assert client.get(reverse("all_tokens")).status_code == 403
    client.force_login(admin)
    page = client.get(reverse("all_tokens"), {"term": "ana", "state": "alive"}).content.decode()
    assert "Laptop" in page
    assert "Laptop" not in client.get(reverse("all_tokens"), {"term": "cleo"}).content.decode()
    client.post(reverse("revoke_token", args=[token.pk]), {"all": "1"})
    assert tokens.recognise(shown) is None
    revoked = AuditEntry.objects.filter(subject_type="apitoken").first()
    assert revoked is not None
    assert revoked.actor.startswith("Ada Novak")
    assert "revoked_at" in revoked.changes


def test_a_token_opens_what_is_chosen_and_only_overseers_are_offered_what_is_theirs(
    client: Client, ana: User, ben: User
) -> None:
    make_by_page(client, ana, opens=["calls:read", "budgets:read"])
    assert ApiToken.objects.get().scopes == ["calls:read", "budgets:read"]
    wish = {"name": "Alarms", "client": "program", "days": "30"}
    page = client.post(reverse("own_tokens"), {**wish, "opens": "alarms:read"}).content.decode()
    assert "is-invalid" in page
    assert "alarms:read" not in page.replace("alarms:read is not one", "")
    assert "Choose what the token opens." in client.post(reverse("own_tokens"), wish).content.decode()
    assert ApiToken.objects.count() == 1
    make_by_page(client, ben, opens=["locks:manage", "alarms:read", "alarms:manage"])
    assert ApiToken.objects.get(user=ben).scopes == ["locks:manage", "alarms:read", "alarms:manage"]


def test_tokens_are_part_of_a_persons_data(client: Client, ana: User) -> None:
    shown = make_by_page(client, ana)
    table = next(one for one in tables_of(ana) if one.file == "access_tokens.csv")
    (row,) = table.lines()
    assert "Laptop" in row
    assert shown not in str(row)
    tokens.forget(ana)
    assert not ApiToken.objects.exists()
