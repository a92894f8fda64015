"""The demo's desk phone: a process of simulated phones, whose keys the page presses."""

import subprocess
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.test import Client
from django.urls import reverse

from accounting.models import Device, User
from phonelock.models import Lock, LockSetUp
from phonelock.tasks import show_on_phones
from tests.servers import accepts, end, free_port, wait_until
from tests.xmlservices.conftest import PIN, Portal, eventually

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def phones(portal: Portal, settings: Any) -> Iterator[None]:
    control, settings.PHONE_PORT = free_port(), free_port()
    command = [sys.executable, "-m", "phonelock.simulator.phone_server", "--portal", portal.address]
    command += ["--control", str(control), "--phones", str(settings.PHONE_PORT)]
    process = subprocess.Popen(command, cwd=django_settings.BASE_DIR)
    settings.DEMO_PHONES = f"http://127.0.0.1:{control}"
    try:
        wait_until(lambda: accepts(control), process, "the simulated phones")
        yield
    finally:
        end(process)


def press(client: Client, key: str, *values: str) -> str:
    answer = client.post(reverse("press_demo_phone"), {"press": key, "value": values}, headers={"hx-request": "true"})
    return answer.content.decode()


def test_a_line_is_locked_at_the_demo_phone_and_the_padlock_comes(
    phones: None,
    portal: Portal,
    eva: User,
    client: Client,
) -> None:
    LockSetUp.objects.update(push=True, phone_networks="127.0.0.0/8", phone_address=portal.address)
    client.force_login(eva)
    assert "Press Services" in client.get(reverse("demo_phone")).content.decode()
    assert "Lock line 211" in press(client, "services")
    assert "Enter your PIN" in press(client, "select:0")
    assert "211: locked" in press(client, "submit", PIN)
    assert Lock.objects.get().number == "211"
    show_on_phones()
    assert eventually(lambda: b"Locked: 211" in client.get(reverse("demo_phone_status")).content)
    assert "Press Services" in press(client, "exit")
    assert client.post(reverse("press_demo_phone"), {"press": "back"}).status_code == 302


def test_only_the_demo_shows_it_and_only_the_own_phone(
    phones: None,
    eva: User,
    ana: User,
    client: Client,
    settings: Any,
) -> None:
    device = Device.objects.get()
    client.force_login(ana)
    assert "No desk phone is known" in client.get(reverse("demo_phone")).content.decode()
    assert client.post(reverse("press_demo_phone"), {"press": "services", "phone": device.pk}).status_code == 404
    settings.DEMO_PHONES = ""
    client.force_login(eva)
    assert client.get(reverse("demo_phone")).status_code == 404
