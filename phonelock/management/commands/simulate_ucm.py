"""Run a UCM cluster that is none, to try Phone Lock without one."""

import signal
import threading
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import BaseCommand
from django.db import connection

from phonelock.services.demo_cluster import join_demo
from phonelock.simulator.server import PASSWORD, USERNAME, Ucm, listening


class Command(BaseCommand):
    """`simulate_ucm [--port] [--control-port] [--folder] [--demo PORTAL]`: a cluster until Ctrl-C."""

    help = "Run a simulated UCM cluster: AXL, RIS and a call-control client, with an address to tell it what to do."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Declare the options."""
        parser.add_argument("--port", type=int, default=8443, help="Of AXL and RIS, by HTTPS.")
        parser.add_argument("--control-port", type=int, default=8444, help="By which it is told what to do, in JSON.")
        parser.add_argument("--demo", metavar="PORTAL", help="Be the demo's UCM, and ask this portal about calls.")
        parser.add_argument("--folder", type=Path, default=Path(settings.DATA_DIR) / "simulated_ucm")

    def handle(self, *args: Any, **options: Any) -> None:
        """Serve until the process is ended."""
        folder: Path = options["folder"]
        folder.mkdir(parents=True, exist_ok=True)
        ended = threading.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            signal.signal(name, lambda *_facts: ended.set())
        ucm = Ucm(folder)
        with listening(ucm, options["port"], options["control_port"]) as (port, control_port):
            if options["demo"]:
                join_demo(ucm, port, options["demo"])
                connection.close()
            else:
                self.stdout.write(f"AXL and RIS: 127.0.0.1:{port}, user {USERNAME}, password {PASSWORD}")
                self.stdout.write(f"Certificate: {ucm.chain}")
                self.stdout.write(f"Control: http://127.0.0.1:{control_port}/state")
                self.stdout.flush()
            ended.wait()
