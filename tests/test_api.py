"""The programming interface as a whole: its description, its page, its door."""

import re
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from accounting.models import Scope, User
from tests.programs import Program

pytestmark = pytest.mark.django_db
READS = {
    "/api/v1/calls": Scope.READ_CALLS,
    "/api/v1/calls/1": Scope.READ_CALLS,
    "/api/v1/reports": Scope.READ_REPORTS,
    "/api/v1/reports/1": Scope.READ_REPORTS,
    "/api/v1/saved-reports/1": Scope.READ_REPORTS,
    "/api/v1/budgets": Scope.READ_BUDGETS,
    "/api/v1/budgets/1": Scope.READ_BUDGETS,
    "/api/v1/budgets/1/history": Scope.READ_BUDGETS,
    "/api/v1/alarms": Scope.READ_ALARMS,
    "/api/v1/alarms/1": Scope.READ_ALARMS,
    "/api/v1/alarm-rules": Scope.READ_ALARMS,
    "/api/v1/locks": Scope.MANAGE_LOCKS,
    "/api/v1/locks/me": Scope.OWN_LOCKS,
    "/api/v1/locks/1/events": Scope.OWN_LOCKS,
}
CHANGES = {
    "/api/v1/locks": ("PUT", Scope.MANAGE_LOCKS, {"locked": True, "everybody": True}),
    "/api/v1/locks/me": ("PUT", Scope.OWN_LOCKS, {"locked": True}),
    "/api/v1/alarms/1/acknowledge": ("POST", Scope.MANAGE_ALARMS, {}),
}


@pytest.fixture
def schema(client: Client) -> Any:
    return client.get("/api/v1/openapi.json").json()


def operations(schema: Any) -> dict[tuple[str, str], Any]:
    return {(path, method): one for path, methods in schema["paths"].items() for method, one in methods.items()}


def references(part: Any) -> set[str]:
    if isinstance(part, dict):
        return {part["$ref"]} if "$ref" in part else set[str]().union(*map(references, part.values()))
    return set[str]().union(*map(references, part)) if isinstance(part, list) else set()


def test_the_description_holds_every_operation_with_its_errors(schema: Any) -> None:
    found = operations(schema)
    named = {(re.sub(r"\{\w+\}", "1", path), method) for path, method in found}
    assert named == {(path, "get") for path in READS} | {(path, how.lower()) for path, (how, *_) in CHANGES.items()}
    for key, operation in found.items():
        assert {"200", "401", "403", "422", "429"} <= set(map(str, operation["responses"])), key
        assert ("404" in map(str, operation["responses"])) == ("{" in key[0]), key
        assert operation["description"], key
        placed = {one["name"] for one in operation.get("parameters", ()) if one["in"] == "path"}
        assert placed == set(re.findall(r"\{(\w+)\}", key[0])), key
    assert len({one["operationId"] for one in found.values()}) == len(found)
    known = {f"#/components/schemas/{name}" for name in schema["components"]["schemas"]}
    assert references(schema) <= known


def test_the_page_shows_every_operation_with_its_values(client: Client, schema: Any, ana: User) -> None:
    client.force_login(ana)
    page = client.get(reverse("api_docs")).content.decode()
    for (path, method), operation in operations(schema).items():
        assert f'id="{operation["operationId"]}"' in page, (path, method)
        for one in operation.get("parameters", ()):
            assert f"<bdi>{one['name']}</bdi>" in page, (path, one)
    assert "dry_run" in page


@pytest.mark.parametrize("path", READS)
def test_only_a_token_that_opens_it_reads_and_no_answer_is_kept(path: str, admin: User) -> None:
    narrow = Program(admin, *(scope for scope in Scope if scope != READS[path]))
    refused = narrow.get(path)
    assert (refused.status_code, refused.json()["code"]) == (403, "scope")
    opened = Program(admin, READS[path]).get(path)
    assert opened.status_code in (200, 404)
    assert opened["Cache-Control"] == "no-store"
    assert Client().get(path).status_code == 401


@pytest.mark.parametrize("path", CHANGES)
def test_reading_tokens_change_nothing(path: str, admin: User) -> None:
    method, needed, body = CHANGES[path]
    narrow = Program(admin, *(scope for scope in Scope if scope != needed))
    assert narrow.ask(method, path, body).json()["code"] == "scope"


@pytest.mark.parametrize("path", READS)
def test_unknown_and_repeated_values_are_refused(path: str, admin: User) -> None:
    program = Program(admin, *Scope)
    answer = program.get(f"{path}?lmiit=5")
    if answer.status_code != 404:  # what does not exist is told first where the name decides what is known
        assert answer.status_code == 422
        assert "lmiit" in answer.content.decode()
    assert program.get(f"{path}?limit=5&limit=6").status_code in (404, 422)


def test_every_operation_counts_towards_the_same_limit(ana: User, settings: Any) -> None:
    settings.API_REQUESTS_PER_MINUTE = 4
    cache.clear()
    program = Program(ana, *Scope)
    reads = ["calls", "reports", "budgets", "locks/me"] * 3
    late = [answer for answer in (program.get(f"/api/v1/{path}") for path in reads) if answer.status_code == 429]
    assert len(late) >= 4  # a new minute may have begun between them
    assert 1 <= int(late[0]["Retry-After"]) <= 60
    assert late[0].json()["code"] == "too_many"


def test_programs_are_answered_in_the_language_and_zone_of_their_person(ana: User) -> None:
    ana.language, ana.time_zone = "de", "Asia/Tokyo"
    ana.save()
    program = Program(ana, Scope.READ_CALLS)
    assert program.get("/api/v1/calls")["Content-Language"] == "de"
    assert program.get("/api/v1/calls").json()["time_zone"] == "Asia/Tokyo"
    assert program.get("/api/v1/calls", **{"Accept-Language": "fr"})["Content-Language"] == "fr"
