"""What the log says of requests that fail."""

import logging
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from tests import factories as make


def test_a_forbidden_page_is_one_line(client: Client, db: None, caplog: pytest.LogCaptureFixture) -> None:
    client.force_login(make.person("ben"))
    with caplog.at_level(logging.WARNING, "django.request"):
        assert client.get(reverse("recosting")).status_code == 403
    (line,) = [record for record in caplog.records if record.name == "django.request"]
    assert (line.getMessage(), line.exc_info) == (f"Forbidden (Permission denied): {reverse('recosting')}", None)


def test_a_fault_keeps_its_traceback(
    client: Client, db: None, caplog: pytest.LogCaptureFixture, monkeypatch: Any
) -> None:
    client.raise_request_exception = False
    client.force_login(make.administrator())
    monkeypatch.setattr("accounting.views.corrections.render", None)
    assert client.get(reverse("recosting")).status_code == 500
    assert any(record.name == "django.request" and record.exc_info for record in caplog.records)
