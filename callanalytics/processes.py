"""Keeps the portal's processes running on one machine: starts them, restarts what dies, ends them all together."""

import contextlib
import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

STOP_SECONDS = 4.0
STEADY_SECONDS = 30.0
LONGEST_PAUSE = 30.0

Say = Callable[[str], None]


@dataclass
class Child:
    """One process of the portal, by what it is for and how it is started."""

    name: str
    command: Sequence[str]
    gives_way: bool = False
    """Whether it lets the others, which people wait for, go first where processors are short."""
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    start_again_at: float = 0.0
    failures: int = 0

    def start(self) -> None:
        """Start the process in a session of its own, so that the terminal's Ctrl-C reaches only its parent."""
        # The kernel ends it when this process is killed without a chance to do so.
        bound = ["setpriv", "--pdeathsig", "TERM"] if shutil.which("setpriv") else []
        polite = ["nice", "-n", "5"] if self.gives_way and shutil.which("nice") else []
        self.process = subprocess.Popen(
            [*bound, *polite, *self.command], stdin=subprocess.DEVNULL, start_new_session=True
        )
        self.started_at = time.monotonic()

    @property
    def runs(self) -> bool:
        """Whether the process is alive."""
        return self.process is not None and self.process.poll() is None

    def tend(self, say: Say) -> None:
        """Start the process again when it has died: at once first, then after 1, 2, 4 ... 30 seconds."""
        now = time.monotonic()
        if self.runs:
            if now - self.started_at > STEADY_SECONDS:
                self.failures = 0
        elif self.start_again_at:
            if now >= self.start_again_at:
                self.start_again_at = 0.0
                self.start()
        else:
            pause = min(LONGEST_PAUSE, 2.0 ** (self.failures - 1)) if self.failures else 0.0
            self.failures += 1
            self.start_again_at = now + pause
            status = self.process.returncode if self.process else None
            say(f"{self.name} ended (status {status}); starting it again in {pause:.0f} s.")
            # What it had started would run beside its successor: a second timetable, for instance.
            self.send(signal.SIGKILL, group=True)

    def send(self, by: signal.Signals, *, group: bool = False) -> None:
        """Send a signal to the process, or to it and all that it has started."""
        if self.process is None:
            return
        with contextlib.suppress(ProcessLookupError):
            if group:
                os.killpg(self.process.pid, by)
            elif self.runs:
                self.process.send_signal(by)


def stop(children: Sequence[Child]) -> None:
    """End all processes: politely, and after 4 seconds surely, with everything that they started."""
    for child in children:
        child.send(signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while any(child.runs for child in children) and time.monotonic() < deadline:
        time.sleep(0.05)
    for child in children:
        child.send(signal.SIGKILL, group=True)
        if child.process is not None:
            child.process.wait()


def tend_until(stopped: Callable[[], bool], children: Sequence[Child], say: Say) -> None:
    """Keep all processes running until the condition holds; looks twice a second."""
    while not stopped():
        for child in children:
            child.tend(say)
        time.sleep(0.5)
