"""Background work: done once, watched, cancelled, taken over when its worker was lost."""

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounting.models import Job, User
from accounting.services import jobs
from accounting.services.jobs import JobFailed, JobKind, Progress


@pytest.fixture
def kind() -> Iterator[Callable[[Callable[[Progress], dict[str, Any]]], None]]:
    """Make a kind of jobs named "count" that does what the test wants."""
    yield lambda work: jobs.register(JobKind("count", "Counting", work))
    jobs.KINDS.pop("count", None)


def state(job: Job) -> str:
    return Job.objects.get(pk=job.pk).state


def test_a_job_runs_once_and_shows_its_result(client: Client, admin: User, kind: Any) -> None:
    done: list[int] = []
    kind(lambda progress: done.append(progress.parameters["number"]) or {"counted": 1})
    job = jobs.start("count", admin, title="to seven", number=7)
    jobs.run(job.pk)
    jobs.run(job.pk)
    assert done == [7]
    client.force_login(admin)
    page = client.get(reverse("job", args=[job.pk])).content.decode()
    assert "Counting" in page
    assert "to seven" in page
    assert "Done" in page


def test_the_same_work_started_twice_is_one_job(admin: User, kind: Any) -> None:
    kind(lambda progress: {})
    first = jobs.start("count", admin, unique_key="count-1")
    assert jobs.start("count", admin, unique_key="count-1").pk == first.pk
    jobs.run(first.pk)
    assert jobs.start("count", admin, unique_key="count-1").pk != first.pk


def test_work_that_ends_while_it_is_looked_for_is_started_anew(admin: User, kind: Any) -> None:
    kind(lambda progress: {})
    first = jobs.start("count", admin, unique_key="count-1")

    def end_first(execute: Any, sql: str, *arguments: Any) -> Any:
        if sql.startswith("SELECT"):
            Job.objects.filter(pk=first.pk).update(state="done")
        return execute(sql, *arguments)

    with connection.execute_wrapper(end_first):
        again = jobs.start("count", admin, unique_key="count-1")
    assert (again.pk != first.pk, state(first), state(again)) == (True, "done", "waiting")


def test_cancelling_ends_a_running_job_at_its_next_step(client: Client, admin: User, kind: Any) -> None:
    reached: list[int] = []

    def work(progress: Progress) -> dict[str, Any]:
        client.force_login(admin)
        assert client.post(reverse("cancel_job", args=[progress.job.pk])).status_code == 302
        progress.step(1, 1)
        reached.append(1)
        return {}

    kind(work)
    job = jobs.start("count", admin)
    jobs.run(job.pk)
    assert (state(job), reached) == ("cancelled", [])


def test_what_goes_wrong_is_told_and_an_unexpected_error_hides_nothing_of_the_server(
    client: Client, admin: User, kind: Any
) -> None:
    def expected(progress: Progress) -> dict[str, Any]:
        raise JobFailed("The file has no header.")

    def unexpected(progress: Progress) -> dict[str, Any]:
        raise RuntimeError("secret path")

    client.force_login(admin)
    for work, told in ((expected, "The file has no header."), (unexpected, "An unexpected error")):
        kind(work)
        job = jobs.start("count", admin)
        jobs.run(job.pk)
        page = client.get(reverse("job", args=[job.pk])).content.decode()
        assert told in page
        assert "secret path" not in page


def test_a_job_whose_worker_was_lost_is_done_by_another(admin: User, kind: Any) -> None:
    def killed(progress: Progress) -> dict[str, Any]:
        raise KeyboardInterrupt

    kind(killed)
    job = jobs.start("count", admin)
    with pytest.raises(KeyboardInterrupt):
        jobs.run(job.pk)
    assert state(job) == "running"
    jobs.sweep()
    assert state(job) == "running"
    Job.objects.filter(pk=job.pk).update(heard_at=timezone.now() - timedelta(hours=1))
    jobs.sweep()
    assert state(job) == "waiting"
    kind(lambda progress: {"counted": 1})
    jobs.run(job.pk)
    assert Job.objects.get(pk=job.pk).result == {"counted": 1}


def test_others_jobs_are_not_found(client: Client, admin: User, ana: User, kind: Any) -> None:
    kind(lambda progress: {})
    job = jobs.start("count", admin)
    client.force_login(ana)
    assert client.get(reverse("job", args=[job.pk])).status_code == 404
    assert client.post(reverse("cancel_job", args=[job.pk])).status_code == 404
