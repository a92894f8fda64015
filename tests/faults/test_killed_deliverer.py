"""Deliverers of mail killed at any moment: each mail arrives, twice only in the one moment that cannot be helped."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone

from accounting.models import MailPurpose, MailServer, OutgoingMail
from accounting.services.outbox import Letter, post
from tests import servers
from tests.faults.test_killed_importer import database_url

pytestmark = pytest.mark.django_db(transaction=True)
MAILS, KILLS = 40, 4
DELIVER = "from accounting.services.delivering import deliver_due; deliver_due()"


def deliverer(sink: servers.MailSink) -> subprocess.Popen[bytes]:
    """Start a deliverer of its own."""
    environment = {
        **os.environ, "DATABASE_URL": database_url(), "SMTP_HOST": sink.host, "SMTP_PORT": str(sink.port),
        "DJANGO_SETTINGS_MODULE": "callanalytics.settings", "DATA_DIR": str(settings.DATA_DIR),
    }  # fmt: skip
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", DELIVER]
    return subprocess.Popen(
        command, cwd=settings.BASE_DIR, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )


def test_killed_at_any_moment() -> None:
    """SIGKILL in the middle of the sending, four times; what was claimed is taken over when its lease has run out."""
    moments = random.Random(7)
    MailServer(every_address=True).save()
    with servers.mail_sink() as sink:
        sink.mailbox.pause = 0.02
        letter = Letter("report:1", MailPurpose.REPORT, "Calls", "Hello")
        mails = post(letter, [f"p{number}@example.com" for number in range(MAILS)])
        for kill in range(1, KILLS + 1):
            process = deliverer(sink)
            deadline = time.monotonic() + 30
            while len(sink.messages) < kill * 6 and time.monotonic() < deadline:
                time.sleep(0.005)
            time.sleep(moments.random() * 0.05)
            process.send_signal(signal.SIGKILL)
            process.communicate()
            assert OutgoingMail.objects.filter(state="sending").exists()
            OutgoingMail.objects.filter(state="sending").update(lease_until=timezone.now() - timedelta(seconds=1))
        process = deliverer(sink)
        _, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors.decode()
        arrived = Counter(message["Message-ID"] for message in sink.messages)
    assert set(arrived) == {f"<{mail.message_id}>" for mail in mails}
    assert sum(arrived.values()) <= MAILS + KILLS
    assert set(OutgoingMail.objects.values_list("state", flat=True)) == {"sent"}
