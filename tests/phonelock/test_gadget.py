"""The Phone Lock gadget: the own lines, locked and unlocked as through the portal."""

import pytest
from django.test import Client

from accounting.models import Extension, GadgetRules
from phonelock.models import Lock, LockEvent, Through
from tests import factories as make
from tests.conftest import PASSWORD

pytestmark = pytest.mark.django_db


def test_own_lines_are_locked_and_unlocked_others_are_not_found(client: Client) -> None:
    GadgetRules(enabled=True).save()
    ana = make.person("ana", extension="2001")
    make.person("ben", extension="2002")
    ana.set_password(PASSWORD)
    ana.save()
    own, other = (Extension.objects.get(number=number) for number in ("2001", "2002"))
    client.post("/gadgets/sign-in/", {"username": "ana", "password": PASSWORD})
    page = client.get("/gadgets/lock/?theme=dark")
    assert 'data-theme="dark"' in page.content.decode()
    assert f"/gadgets/lock/{own.pk}/lock/?theme=dark" in page.content.decode()
    assert client.post(f"/gadgets/lock/{own.pk}/lock/?theme=dark")["Location"] == "/gadgets/lock/?theme=dark"
    assert Lock.objects.get().extension_id == own.pk
    assert LockEvent.objects.latest("pk").through == Through.GADGET
    tag = f'"{page.context["etag"]}"'
    changed = client.get("/gadgets/lock/live/", headers={"If-None-Match": tag})
    assert f"/gadgets/lock/{own.pk}/unlock/" in changed.content.decode()
    assert client.get("/gadgets/lock/live/", headers={"If-None-Match": changed["ETag"]}).status_code == 304
    assert client.post(f"/gadgets/lock/{other.pk}/lock/").status_code == 404
    client.post(f"/gadgets/lock/{own.pk}/unlock/")
    assert not Lock.objects.exists()
