"""The commands of the companion: configure, run, lock, unlock, status, install-autostart, remove-autostart."""

import argparse
import getpass
import logging
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import fields, replace
from pathlib import Path

from callanalytics_companion import __version__, autostart, configuration
from callanalytics_companion.configuration import Configuration, ConfigurationError
from callanalytics_companion.folders import NAME, state_folder
from callanalytics_companion.keeping import keep_token, kept_token
from callanalytics_companion.outbox import Outbox
from callanalytics_companion.portal import Portal, Refused, Unreachable
from callanalytics_companion.running import Companion
from callanalytics_companion.sources import UnknownSystemError, source_of_this_system
from callanalytics_companion.switches import Switches

DONE, WRONG, LATER = 0, 1, 3
"""Exit statuses; 3: the portal is away, the wish is kept and told later."""
STATES = {
    "open": "not locked",
    "locked": "locked",
    "locking": "being locked",
    "opening": "being unlocked",
    "idle": "locked in the portal only: nothing bars its calls",
}
REASONS = {
    "self": "by yourself",
    "admin": "by the administration",
    "budget": "budget used up",
    "timetable": "timetable",
}


def main(words: Sequence[str] | None = None) -> int:
    """Do what the command line says; return the exit status."""
    given = parser().parse_args(words)
    logging.basicConfig(level=logging.DEBUG if given.verbose else logging.INFO, format="%(asctime)s %(message)s")
    try:
        return int(given.do(given))
    except (ConfigurationError, UnknownSystemError, Refused) as problem:
        print(problem, file=sys.stderr)
        return WRONG
    except Unreachable as problem:
        print(f"The portal cannot be reached: {problem}.", file=sys.stderr)
        return LATER


def parser() -> argparse.ArgumentParser:
    """Return the reader of the command line."""
    made = argparse.ArgumentParser(prog=NAME, description="Locks your extension when you leave your computer.")
    made.add_argument("--version", action="version", version=__version__)
    made.add_argument("-v", "--verbose", action="store_true", help="say more in the log")
    commands = made.add_subparsers(required=True, metavar="COMMAND")

    def command(name: str, do: Callable[[argparse.Namespace], int], says: str) -> argparse.ArgumentParser:
        made = commands.add_parser(name, help=says, description=says)
        made.set_defaults(do=do)
        return made

    setting = command("configure", configure, "name the portal, the token and what happens by itself")
    setting.add_argument("--portal", help="the portal's address, for instance https://calls.example.com")
    setting.add_argument("--ca-file", help="the certificate authority of the portal, where the system does not know it")
    setting.add_argument("--token-stdin", action="store_true", help="read the token from the standard input")
    for switch in fields(Switches):
        option = f"--{switch.name.replace('_', '-')}"
        setting.add_argument(option, action=argparse.BooleanOptionalAction, default=None)
    command("run", run, "watch the session until it ends")
    command("lock", lambda _given: say(locked=True), "lock your extension now")
    command("unlock", lambda _given: say(locked=False), "release your own lock now")
    command("status", status, "show your extensions and their locks")
    command("install-autostart", start_by_itself, "start the companion with every session")
    command("remove-autostart", no_start, "do not start it by itself any more")
    return made


def configure(given: argparse.Namespace) -> int:
    """Change what is given, ask for what is missing, and try it."""
    try:
        held = configuration.load()
    except ConfigurationError:
        held = Configuration("")
    portal = (given.portal or held.portal or input("Address of the portal: ")).strip().rstrip("/")
    chosen = {one.name: getattr(given, one.name) for one in fields(Switches) if getattr(given, one.name) is not None}
    ca_file = held.ca_file if given.ca_file is None else given.ca_file and str(Path(given.ca_file).absolute())
    made = Configuration(portal, ca_file, replace(held.switches, **chosen)).check()
    token = kept_token(portal)
    if given.token_stdin:
        token = sys.stdin.readline().strip()
    elif not token:
        token = getpass.getpass("Access token (from your profile in the portal): ").strip()
    configuration.save(made)
    print(f"The token is kept in {keep_token(portal, token)}.")
    for one in fields(Switches):
        print(f"  {one.name.replace('_', ' ')}: {'yes' if getattr(made.switches, one.name) else 'no'}")
    return status(given)


def run(_given: argparse.Namespace) -> int:
    """Watch the session."""
    held = configuration.load()
    folder = state_folder()

    def connect() -> Portal:
        return portal_of(configuration.load())

    companion = Companion(source_of_this_system(), held.switches, Outbox(folder), connect, folder / "session")
    for sign in (signal.SIGTERM, signal.SIGINT):
        signal.signal(sign, lambda *_signal: companion.end())
    companion.run()
    return DONE


def say(*, locked: bool) -> int:
    """Lock or release by hand; while the portal is away, the wish waits for the companion that runs."""
    held = configuration.load()
    outbox = Outbox(state_folder())
    wish = outbox.put(locked=locked)
    try:
        applied = portal_of(held).say(wish)
    except Unreachable as problem:
        print(f"The portal cannot be reached ({problem}). It will be told as soon as it is back.", file=sys.stderr)
        return LATER
    except Refused:
        outbox.done(wish)
        raise
    outbox.done(wish)
    if not applied:
        print("The portal knows something newer: nothing was changed.")
    return status(None)


def status(_given: argparse.Namespace | None) -> int:
    """Show the own extensions."""
    told = portal_of(configuration.load()).status()
    for line in told["lines"]:
        reasons = ", ".join(REASONS.get(one["reason"], one["reason"]) for one in line["reasons"])
        state = STATES.get(line["status"], line["status"])
        print(f"Extension {line['number']}: {state}{f' ({reasons})' if reasons else ''}")
    if not told["lines"]:
        print("You hold no extension.")
    return DONE


def start_by_itself(_given: argparse.Namespace) -> int:
    """Start with every session."""
    configuration.load()
    print(f"Made: {autostart.install()}")
    return DONE


def no_start(_given: argparse.Namespace) -> int:
    """Do not start by itself any more."""
    print(f"Removed: {autostart.remove()}")
    return DONE


def portal_of(held: Configuration) -> Portal:
    """Return the portal; raises ConfigurationError without a token."""
    token = kept_token(held.portal)
    if not token:
        raise ConfigurationError("There is no access token: run “callanalytics-companion configure”.")
    try:
        return Portal(held.portal, token, held.ca_file)
    except OSError as error:
        raise ConfigurationError(f"{held.ca_file} is no certificate: {error}.") from error
