"""Whatever is sent to the programming interface, it answers; it never breaks."""

import json
from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounting.models import Scope, TokenClient, User
from accounting.services import tokens
from tests import factories as make

pytestmark = pytest.mark.django_db

ODD = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(min_value=2**62), st.floats(), st.text(max_size=30),
    st.sampled_from([
        "2026-11-22T09:30:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2026-11-22T09:30:00", "\0",
        "\ud800", "é" * 300, [], {}, [1, 1], [2**70], "1e400",
        "2026-11-22", "0001-01-01", "9999-12-31", "all", "1-1", "5", "-1", "9" * 18, "99999999999999999-1", "oldest",
        "calls", "person", "~x", "any(", "not(kind.is(public))", "outgoing",
    ]),
)  # fmt: skip
NAMES = st.sampled_from([
    "locked", "at", "sent_at", "everybody", "department", "cost_centre", "office", "extensions", "until", "note",
    "dry_run", "search", "state", "after", "before", "limit", "other", "cursor", "period", "from", "to", "number",
    "match", "direction", "outcome", "person", "gateway", "mine", "sort", "group", "columns", "where", "top", "zone",
    "show", "who", "kind", "rule",
])  # fmt: skip
BODIES = st.one_of(
    st.dictionaries(NAMES, ODD, max_size=6).map(json.dumps).map(str.encode),
    st.dictionaries(NAMES, st.sampled_from([True, False, 1, None, [1]]), max_size=4).map(json.dumps).map(str.encode),
    st.binary(max_size=60),
)
PATHS = st.one_of(
    st.sampled_from(
        [
            "locks",
            "locks/me",
            "openapi.json",
            "locks/0/events",
            "locks/1/events",
            "calls",
            "calls/0",
            "reports",
            "reports/calls",
            "reports/cost-by-person",
            "saved-reports/1",
            "budgets",
            "budgets/1",
            "budgets/1/history",
            "alarms",
            "alarms/1",
            "alarms/1/acknowledge",
            "alarm-rules",
        ]
    ),
    st.integers().map("locks/{}/events".format),
    st.integers().map("calls/{}".format),
    st.text(alphabet=st.characters(codec="ascii", categories=["L", "N", "P"]), max_size=20),
)
METHODS = st.sampled_from(["GET", "PUT", "PUT", "POST", "DELETE", "PATCH", "OPTIONS", "HEAD"])
KEYS = st.sampled_from(["", "", "a", "\t", "k" * 70, "é"])


@pytest.fixture
def program(admin: User, settings: Any) -> tuple[Client, str]:
    settings.API_REQUESTS_PER_MINUTE = 1_000_000
    make.record(make.person("eva", extension="211"))
    shown = tokens.make(admin, "fuzz", list(Scope), TokenClient.PROGRAM)[1]
    return Client(raise_request_exception=False), shown


@settings(max_examples=250, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(METHODS, PATHS, BODIES, st.dictionaries(NAMES, ODD.map(str), max_size=3), KEYS)
def test_no_request_breaks_the_interface(
    program: tuple[Client, str], method: str, path: str, body: bytes, query: dict[str, str], key: str
) -> None:
    client, shown = program
    headers = {"Authorization": f"Bearer {shown}", **({"Idempotency-Key": key} if key else {})}
    encoded = {name: value.encode("utf-8", "surrogatepass") for name, value in query.items()}
    answer = client.generic(method, f"/api/v1/{path}", body, "application/json", headers=headers, query_params=encoded)
    assert answer.status_code < 500, (method, path, body, query, answer.content[:300])
    if answer.status_code in (401, 403, 404, 409, 422, 429) and method != "HEAD":
        assert set(answer.json()) == {"code", "message", "problems"}
