"""Synchronising 10,000 people from a real directory: the first time, and again with nothing to change."""

import tempfile
from pathlib import Path

from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounting.models import Directory, DirectoryRun, Office, PhoneSystem
from accounting.services import directory_sync, jobs
from benchmarks.figures import note, seconds, show
from tests import servers

ENTRIES = 10_000
DEPARTMENTS = 200
MOST_SECONDS = 60
OF_THE_RUN = ("accounting_directoryrun", "accounting_job")
"""Tables of the log and the job, which every run writes."""


def measure() -> None:
    """Fill a directory, synchronise twice, and print the figures."""
    with tempfile.TemporaryDirectory() as folder, servers.directory(Path(folder)) as directory:
        fill(directory)
        enter(directory)
        first = seconds(synchronise)
        with CaptureQueriesContext(connection) as queries:
            second = seconds(synchronise)
    written = [query["sql"] for query in queries if is_write(query["sql"])]
    note(f"people_sync: {ENTRIES} entries, the second run {second:.3g} s and {len(queries)} queries")
    show("people_sync_seconds", first, MOST_SECONDS, most=True)
    show("people_sync_second_run_writes", len(written), 0, most=True)


def fill(directory: servers.Directory) -> None:
    """Add the people by the server's own bulk loader, as an administrator of slapd would."""
    directory.stop()
    people = "".join(entry(number, directory.people_base) for number in range(ENTRIES))
    directory.server.slapadd(people, ["-q"])
    directory.start()


def entry(number: int, base: str) -> str:
    """Return one person as LDIF."""
    return (
        f"dn: cn=p{number:05},{base}\nobjectClass: user\nobjectClass: extensibleObject\nobjectCategory: cn=Person\n"
        f"instanceType: 4\nnTSecurityDescriptor: -\nsAMAccountName: p{number:05}\ngivenName: Given{number}\n"
        f"sn: Family{number}\nmail: p{number:05}@example.com\ndepartment: Department {number % DEPARTMENTS}\n"
        f"physicalDeliveryOfficeName: Berlin\ntelephoneNumber: +49 30 55{number:05}\n\n"
    )


def enter(directory: servers.Directory) -> None:
    """Enter the directory in the set-up."""
    Office.objects.get_or_create(name="Berlin", defaults={"country": "DE"})
    system, _created = PhoneSystem.objects.get_or_create(name="people")
    Directory(
        server_uri=directory.uri,
        bind_dn=directory.bind_dn,
        bind_password=directory.password,
        user_base=directory.people_base,
        people_filter="(objectClass=user)",
        key_attribute="entryUUID",
        extension_attribute="telephoneNumber",
        extension_digits=5,
        phone_system=system,
    ).save()


def synchronise() -> None:
    """Do one run as the button starts it; RuntimeError when it does not end well."""
    jobs.run(directory_sync.start(None).pk)
    run = DirectoryRun.objects.all()[0]
    if run.state != DirectoryRun.State.DONE or run.entries != ENTRIES:
        raise RuntimeError(f"{run.state}: {run.error}")


def is_write(statement: str) -> bool:
    """Return whether a statement changes rows other than those of the run itself."""
    kind = statement.split(None, 1)[0]
    return kind in ("INSERT", "UPDATE", "DELETE", "COPY") and not any(table in statement for table in OF_THE_RUN)
