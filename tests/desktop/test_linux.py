"""The companion on Linux, as a real process: logind on a real bus on the one side, a live portal on the other."""

import signal
from typing import Any

import pytest
from jeepney import DBusAddress, new_signal
from jeepney.io.blocking import open_dbus_connection

from accounting.models import Extension, User
from phonelock.models import Happened, Lock, LockEvent, Reason, Through
from phonelock.services.locking import Actor, lock
from tests.desktop.conftest import Computer, Logind, Relay, until

pytestmark = pytest.mark.django_db(transaction=True)


def reasons() -> set[str]:
    return set(Lock.objects.values_list("reason", flat=True))


def is_locked() -> bool:
    return Reason.SELF in reasons()


def ready(logind: Logind) -> Any:
    """Wait until the companion listens: then it holds up shutdowns."""
    until(logind.inhibitors, "the companion listens")


def started(desk: Computer, logind: Logind) -> None:
    desk.start()
    ready(logind)


def test_locking_the_session_locks_the_line_and_unlocking_releases_the_own_lock_only(
    desk: Computer, logind: Logind, line: Extension, admin: User
) -> None:
    lock([line.pk], Reason.ADMINISTRATION, Actor(Through.PORTAL, admin))
    started(desk, logind)
    logind.lock("c1")
    until(is_locked, "locked with the session")
    assert desk.command("status").stdout == "Extension 211: locked (by yourself, by the administration)\n"
    logind.lock("c1", locked=False)
    until(lambda: not is_locked(), "released with the session")
    assert reasons() == {Reason.ADMINISTRATION}
    told = LockEvent.objects.filter(reason=Reason.SELF).values_list("kind", "through", "by")
    assert list(told) == [(kind, Through.DESKTOP, "Ana Ruiz") for kind in (Happened.RELEASED, Happened.LOCKED)]


def test_what_happens_while_the_portal_is_away_is_told_later_and_only_the_newest(
    desk: Computer, logind: Logind, relay: Relay
) -> None:
    started(desk, logind)
    until(lambda: "sign_in" in desk.log, "the sign-in is dealt with")
    relay.stop()
    for locked in (True, False, True):
        logind.lock("c1", locked=locked)
    until(lambda: desk.log.count("could not be told") >= 3, "the portal is away")
    desk.end(signal.SIGKILL)
    assert not Lock.objects.exists()
    relay.start()
    started(desk, logind)
    until(is_locked, "told after a restart")
    assert [event.kind for event in LockEvent.objects.all()] == [Happened.LOCKED]


def test_a_late_event_does_not_undo_what_was_done_at_the_phone(
    desk: Computer, logind: Logind, relay: Relay, line: Extension, ana: User
) -> None:
    started(desk, logind)
    until(lambda: "Own lock: released" in desk.log, "the sign-in is told")
    relay.stop()
    logind.lock("c1", locked=True)
    until(lambda: "could not be told" in desk.log, "the portal is away")
    lock([line.pk], Reason.SELF, Actor(Through.PHONE, ana))
    Lock.objects.all().delete()  # released at the phone a moment later
    relay.start()
    until(lambda: "something newer" in desk.log, "the event comes too late")
    assert not Lock.objects.exists()


def test_a_shutdown_waits_until_the_line_is_locked(desk: Computer, logind: Logind) -> None:
    started(desk, logind)
    assert logind.inhibitors()[0][:2] == ("shutdown", "Call Analytics")
    logind.shut_down()
    until(lambda: not logind.inhibitors(), "the shutdown may go on")
    assert is_locked()
    logind.shut_down(begins=False)
    until(lambda: not is_locked(), "the shutdown was called off")
    ready(logind)


def test_a_restart_within_a_session_is_no_sign_in(desk: Computer, logind: Logind, line: Extension, ana: User) -> None:
    started(desk, logind)
    until(lambda: "Own lock: released" in desk.log, "the sign-in is told")
    desk.end(signal.SIGKILL)
    lock([line.pk], Reason.SELF, Actor(Through.PHONE, ana))
    until(lambda: not logind.inhibitors(), "the first one is gone")
    started(desk, logind)
    logind.lock("c1")
    until(lambda: "session_lock" in desk.log, "the second one hears")
    assert is_locked()
    assert desk.log.count("sign_in") == 1
    desk.end()
    logind.end_session("c1")
    logind.add_session("c2")
    desk.start()
    until(lambda: not is_locked(), "released at the next sign-in")


def test_leaving_the_session_locks_and_ending_the_companion_does_not(desk: Computer, logind: Logind) -> None:
    started(desk, logind)
    desk.end()
    assert not is_locked()
    until(lambda: not logind.inhibitors(), "it is gone")
    started(desk, logind)
    logind.end_session("c1")
    until(is_locked, "locked with the sign-out")


def test_being_ended_with_the_session_is_a_sign_out(desk: Computer, logind: Logind) -> None:
    started(desk, logind)
    state = {"State": ("s", "closing")}
    path = "/org/freedesktop/login1/session/c1"
    logind.call(
        path, "org.freedesktop.DBus.Mock", "UpdateProperties", "sa{sv}", "org.freedesktop.login1.Session", state
    )
    desk.end()
    assert is_locked()


def test_a_screen_saver_that_logind_does_not_hear_of_locks(desk: Computer, logind: Logind) -> None:
    started(desk, logind)
    saver = DBusAddress("/org/freedesktop/ScreenSaver", interface="org.freedesktop.ScreenSaver")
    until(lambda: says(logind, saver), "locked by the screen saver")


def says(logind: Logind, saver: DBusAddress) -> bool:
    """Say that the screen saver is on: the companion may not listen to it yet."""
    with open_dbus_connection(logind.address) as bus:
        bus.send(new_signal(saver, "ActiveChanged", "b", (True,)))
    return is_locked()


@pytest.mark.parametrize(
    ("switch", "act"),
    [
        ("--no-session-lock-locks", lambda logind: logind.lock("c1")),
        ("--no-sign-out-locks", lambda logind: logind.end_session("c1")),
    ],
)
def test_a_switch_that_is_off_does_nothing(desk: Computer, logind: Logind, switch: str, act: Any) -> None:
    assert desk.command("configure", switch).returncode == 0
    started(desk, logind)
    act(logind)
    until(lambda: "its switch is off" in desk.log, "the event is heard")
    assert not Lock.objects.exists()


def test_switches_for_coming_back_leave_the_lock(desk: Computer, logind: Logind) -> None:
    assert desk.command("configure", "--no-sign-in-unlocks", "--no-session-unlock-unlocks").returncode == 0
    assert desk.command("lock").stdout == "Extension 211: locked (by yourself)\n"
    started(desk, logind)
    logind.lock("c1")
    logind.lock("c1", locked=False)
    until(lambda: desk.log.count("its switch is off") == 2, "both are heard")
    assert is_locked()


def test_locking_by_hand_works_at_once_or_as_soon_as_the_portal_is_back(
    desk: Computer, logind: Logind, relay: Relay
) -> None:
    assert desk.command("lock").returncode == 0
    assert is_locked()
    assert desk.command("unlock").stdout == "Extension 211: not locked\n"
    relay.stop()
    later = desk.command("lock")
    assert later.returncode == 3
    assert "will be told" in later.stderr
    relay.start()
    assert desk.command("configure", "--no-sign-in-unlocks").returncode == 0
    started(desk, logind)
    logind.lock("c1", locked=True)
    until(is_locked, "told by the companion that runs")
