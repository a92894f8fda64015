"""Run the whole portal on this machine: database, demo organisation, web server, worker and timetable."""

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand, CommandError, call_command

from accounting.management.commands.seed_demo import DEFAULT_PASSWORD
from accounting.models import Device, PhoneSystem, User
from callanalytics.processes import Child, stop, tend_until
from phonelock.services.demo import PIN
from phonelock.services.displays import DESK_PHONE

START_SECONDS = 60
DEMO_USERNAMES = ("anna", "sami", "admin")
TRUE = {"1", "true", "yes", "on"}


class Command(BaseCommand):
    """Prepares the portal, then runs its processes until Ctrl-C."""

    help = "Run the whole portal: database, demo organisation (unless DEMO=0), web server, worker and timetable."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Take the address to listen on; defaults come from HOST and PORT."""
        parser.add_argument("--host", default=os.environ.get("HOST", "127.0.0.1"))
        parser.add_argument("--port", type=int, default=int(os.environ.get("PORT", "8000")))

    def handle(self, *args: Any, **options: Any) -> None:
        """Prepare and run; raises CommandError when the port is taken."""
        self.stopping = False
        host, port = options["host"], options["port"]
        refuse_taken_port(host, port)
        for name in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(name, self.ask_to_stop)
        self.prepare()
        simulated = [*demo_phones(port), demo_cluster(port)] if demo_wanted() else []
        children = [*portal_processes(host, port), *simulated]
        try:
            if not self.stopping:
                for child in children:
                    child.start()
                self.announce(children, port)
            tend_until(lambda: self.stopping, children, self.say)
        finally:
            self.say("Stopping ...")
            stop(children)
        self.say("Stopped.")

    def ask_to_stop(self, number: int, frame: object) -> None:
        """Note that the portal is to end; a second Ctrl-C while preparing ends it at once."""
        if self.stopping:
            sys.exit(130)
        self.stopping = True

    def say(self, text: str) -> None:
        """Print one line now."""
        self.stdout.write(text)
        self.stdout.flush()

    def prepare(self) -> None:
        """Bring the database up to date, make the folders, and fill in the demo organisation when it is wanted."""
        call_command("migrate", interactive=False, verbosity=0)
        for folder in (settings.INBOX_DIR, settings.ARCHIVE_DIR, settings.SET_ASIDE_DIR):
            Path(folder).mkdir(parents=True, exist_ok=True)
        if demo_wanted() and not self.stopping:
            # In a process of its own: what it needs in memory is given back.
            done = subprocess.run([sys.executable, "manage.py", "seed_demo"], cwd=settings.BASE_DIR, check=False)
            if done.returncode and not self.stopping:
                raise CommandError("The demo organisation could not be made; DEMO=0 starts without it.")

    def announce(self, children: list[Child], port: int) -> None:
        """Print the address and the sign-ins as soon as the portal answers."""
        if not self.wait_until_live(children, port):
            return
        lines = [f"Call Analytics is running: http://localhost:{port}/", ""]
        if demo_wanted():
            lines += demo_lines()
        inboxes = [f"Inbox of {name}: {Path(settings.INBOX_DIR) / name}" for name in phone_systems()]
        if inboxes:
            lines += [*inboxes, "Drop a UCM call file there; its calls appear within seconds.", ""]
        if not User.objects.exists():
            lines += ["Make the first administrator: .venv/bin/python manage.py createsuperuser", ""]
        lines.append("Ctrl-C stops everything.")
        width = max(map(len, lines))
        frame = "─" * (width + 2)
        self.say("\n".join(["", f"┌{frame}┐", *(f"│ {line:<{width}} │" for line in lines), f"└{frame}┘", ""]))

    def wait_until_live(self, children: list[Child], port: int) -> bool:
        """Tell whether the web server answers within a minute."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and not self.stopping:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/health/live", timeout=2):
                    return True
            except OSError:
                for child in children:
                    child.tend(self.say)
                time.sleep(0.2)
        return False


def refuse_taken_port(host: str, port: int) -> None:
    """Raise CommandError when another program listens on the port."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise CommandError(
                f"Cannot listen on {host}:{port}: {error.strerror}. Choose another: PORT=8001"
            ) from error


def demo_phones(port: int) -> list[Child]:
    """Return the process of the demo's simulated desk phones, and let the others know where it listens."""
    control, phones = free_port(), free_port()
    os.environ |= {"DEMO_PHONES": f"http://127.0.0.1:{control}", "PHONE_PORT": str(phones)}
    names = Path(settings.DATA_DIR) / "demo_phones"
    seen = Device.objects.filter(name__startswith=DESK_PHONE).values_list("name", flat=True).distinct()
    names.write_text("\n".join(sorted(seen)), encoding="utf-8")
    command = [sys.executable, "-m", "phonelock.simulator.phone_server", "--portal", f"http://127.0.0.1:{port}"]
    command += ["--names", str(names)]
    return [Child("The simulated phones", [*command, "--control", str(control), "--phones", str(phones)])]


def demo_cluster(port: int) -> Child:
    """Return the process of the demo's simulated UCM."""
    command = [
        sys.executable,
        str(settings.BASE_DIR / "manage.py"),
        "simulate_ucm",
        "--demo",
        f"http://127.0.0.1:{port}",
    ]
    return Child("The simulated UCM", [*command, "--port", str(free_port()), "--control-port", str(free_port())])


def free_port() -> int:
    """Return a port of the loopback address that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def phone_systems() -> list[str]:
    """Return the names of the phone systems that are collected."""
    return list(PhoneSystem.objects.filter(enabled=True).values_list("name", flat=True))


def demo_wanted() -> bool:
    """Whether the demo organisation is to be made and its sign-ins shown."""
    return os.environ.get("DEMO", "1").lower() in TRUE


def demo_lines() -> list[str]:
    """Return the sign-ins of the demo organisation, one line for each role, and the way to see calls arrive."""
    password = os.environ.get("DEMO_PASSWORD", DEFAULT_PASSWORD)
    people = {user.username: user for user in User.objects.filter(username__in=DEMO_USERNAMES)}
    accounts = [people[name] for name in DEMO_USERNAMES if name in people]
    lines = [f"  {user.username:<10}{password:<20}{user.role:<15}{user}" for user in accounts]
    if not lines:
        return []
    return ["Sign in as user name, password:", *lines, f"Their PIN at desk phones: {PIN}", ""]


def portal_processes(host: str, port: int) -> list[Child]:
    """Return the processes of the portal; with Redis the timetable runs beside the worker, else inside it."""
    python = sys.executable
    web = [python, "-m", "gunicorn", "callanalytics.wsgi", "--bind", f"{host}:{port}", "--worker-class", "gthread"]
    web += ["--workers", os.environ.get("WEB_WORKERS", "2"), "--threads", os.environ.get("WEB_THREADS", "8")]
    web += ["--preload", "--graceful-timeout", "5", "--no-control-socket", "--log-level", "warning"]
    # Phone systems keep their connections for the next question; one that closes under it would be a failed call.
    web += ["--keep-alive", "75"]
    # Celery warns at every start of a worker that runs as root.
    celery = [python, "-W", "ignore::UserWarning", "-m", "celery", "--app", "callanalytics", "--quiet"]
    worker = [*celery, "worker", "--loglevel", "INFO", "--concurrency", os.environ.get("WORKER_PROCESSES", "2")]
    worker += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    # Long jobs have a worker of their own, so that they never hold up the collecting of calls.
    jobs = [*celery, "worker", "--loglevel", "INFO", "--concurrency", "1", "--queues", "jobs", "--hostname", "jobs@%h"]
    jobs += ["--without-gossip", "--without-mingle", "--without-heartbeat"]
    # Scheduled reports, too: many are due at once, and none is to wait for a long job.
    reports = [*celery, "worker", "--loglevel", "INFO", "--concurrency", "1", "--queues", "reports"]
    reports += ["--hostname", "reports@%h", "--without-gossip", "--without-mingle", "--without-heartbeat"]
    others = [Child("The job worker", jobs, gives_way=True), Child("The report worker", reports, gives_way=True)]
    if not settings.REDIS_URL:
        return [Child("The web server", web), Child("The worker", [*worker, "--beat"], gives_way=True), *others]
    beat = [*celery, "beat", "--loglevel", "INFO", "--pidfile", ""]
    worked = Child("The worker", worker, gives_way=True)
    return [Child("The web server", web), worked, *others, Child("The timetable", beat)]
