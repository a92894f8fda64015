"""The real servers start, answer and can be taken down."""

import smtplib

import ldap
import pytest
from django.db import connection
from kombu import Connection

from tests.servers import Directory, MailSink


@pytest.mark.django_db
def test_database_is_the_one_of_the_run() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        assert cursor.fetchone() == (1,)


def test_redis_takes_messages(redis_url: str) -> None:
    with Connection(redis_url) as broker:
        queue = broker.SimpleQueue("probe")
        queue.put({"call": 1})
        assert queue.get(timeout=2).payload == {"call": 1}
        queue.close()


def test_directory_knows_people_as_active_directory_does(directory: Directory) -> None:
    connection = ldap.initialize(directory.uri)
    connection.simple_bind_s(directory.bind_dn, directory.password)
    [(dn, entry)] = connection.search_s(directory.base, ldap.SCOPE_SUBTREE, "(sAMAccountName=dora)")
    assert entry["mail"] == [b"dora@example.com"]
    connection.simple_bind_s(dn, "directory-pass")
    connection.unbind_s()


def test_directory_can_be_taken_down(directory: Directory) -> None:
    directory.stop()
    with pytest.raises(ldap.SERVER_DOWN):
        ldap.initialize(directory.uri).simple_bind_s(directory.bind_dn, directory.password)


def test_mail_arrives(mail_sink: MailSink) -> None:
    with smtplib.SMTP(mail_sink.host, mail_sink.port) as client:
        client.sendmail("a@example.com", ["b@example.com"], "Subject: Calls\r\n\r\nText\r\n")
    assert mail_sink.messages[0]["Subject"] == "Calls"
