"""A person at a desk phone, and the portal as phones meet it: the real web server in a process of its own."""

import os
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.conf import settings

from accounting.models import Device, Extension, User
from phonelock.models import LockSetUp, Through
from phonelock.services import pins
from phonelock.services.locking import Actor
from phonelock.simulator.phones import MODELS, Phone
from tests import factories as make
from tests.faults.test_killed_importer import database_url
from tests.servers import end, free_port, wait_until

NAME, PIN = "SEP001122334455", "4711"
Ring = Callable[..., Phone]


@pytest.fixture
def eva(db: None) -> User:
    """Eva with the line 211, a phone and a PIN."""
    person = make.person("eva", extension="211", first_name="Eva", last_name="Żak", language="en")
    give_phone(person, NAME)
    pins.set_pin(person, PIN, Actor(Through.PORTAL, person))
    return person


def give_phone(person: User, name: str) -> Extension:
    """Let a phone be known with the person's line; calls of the line are barred by questions of UCM."""
    line = Extension.objects.get(assignments__user=person)
    Device.objects.create(phone_system=line.phone_system, name=name, number=line.number)
    if not LockSetUp.objects.filter(phone_system=line.phone_system).exists():
        make.lock_set_up(line.phone_system)
    return line


@dataclass(frozen=True)
class Portal:
    """The web server with its log."""

    address: str
    log: Path


@pytest.fixture(scope="session")
def portal(django_db_setup: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Portal]:
    """The web server of production with the tests' database, told to use HTTPS, and with the access log on."""
    port, folder = free_port(), tmp_path_factory.mktemp("portal")
    environment = {
        **os.environ, "DATABASE_URL": database_url(), "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATA_DIR": str(folder), "HTTPS": "1", "SECRET_KEY": settings.SECRET_KEY,
    }  # fmt: skip
    command = [sys.executable, "-m", "gunicorn", "callanalytics.wsgi", "--bind", f"127.0.0.1:{port}"]
    command += ["--worker-class", "gthread", "--threads", "4", "--no-control-socket", "--access-logfile", "-"]
    with (folder / "web.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=settings.BASE_DIR, env=environment, stdout=log, stderr=log)
    try:
        wait_until(lambda: answers(port), process, "the web server")
        yield Portal(f"http://127.0.0.1:{port}", folder / "web.log")
    finally:
        end(process)


def answers(port: int) -> bool:
    """Whether the web server has started."""
    try:
        urllib.request.urlopen(f"http://127.0.0.1:{port}/phone/lock.png", timeout=2).close()
    except OSError:
        return False
    return True


@pytest.fixture
def ring(portal: Portal, transactional_db: None) -> Iterator[Ring]:
    """Makes phones that use the portal; by model, device name and language."""
    made: list[Phone] = []

    def new(model: str = "CP-8841", name: str = NAME, language: str = "en_US") -> Phone:
        services, asked = f"{portal.address}/phone/?d=#DEVICENAME#", f"{portal.address}/phone/authenticate/"
        phone = Phone(name, MODELS[model], services, asked, language)
        made.append(phone)
        return phone

    yield new
    for phone in made:
        phone.hang_up()


def eventually(holds: Callable[[], object]) -> bool:
    """Tell whether something comes true within ten seconds: the phone fetches after it has answered."""
    until = time.monotonic() + 10
    while not holds() and time.monotonic() < until:
        time.sleep(0.02)
    return bool(holds())
