"""The companion's configuration: the portal, its certificate, and the four switches; a JSON file people may edit."""

import json
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from urllib.parse import urlsplit

from callanalytics_companion.folders import config_folder, write_privately
from callanalytics_companion.switches import Switches

LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class ConfigurationError(Exception):
    """Says in a sentence what is wrong with the configuration."""


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the person has chosen."""

    portal: str
    ca_file: str = ""
    """A certificate authority beside the system's own; empty: those of the system."""
    switches: Switches = field(default_factory=Switches)

    def check(self) -> "Configuration":
        """Return it when it can be used; raises ConfigurationError."""
        parts = urlsplit(self.portal)
        if parts.scheme not in ("https", "http") or not parts.hostname or parts.query or parts.fragment:
            raise ConfigurationError(
                f"“{self.portal}” is no address of a portal, for instance https://calls.example.com."
            )
        if parts.scheme == "http" and parts.hostname not in LOOPBACK:
            raise ConfigurationError("The address must begin with https://: the token would travel unprotected.")
        if parts.username or parts.password:
            raise ConfigurationError("The address must not hold a user name or password.")
        if self.ca_file and not Path(self.ca_file).is_file():
            raise ConfigurationError(f"There is no file {self.ca_file}.")
        return self


def path() -> Path:
    """Return the file of the configuration."""
    return config_folder() / "config.json"


def save(configuration: Configuration) -> None:
    """Write the configuration."""
    write_privately(path(), json.dumps(asdict(configuration.check()), indent=2) + "\n")


def load() -> Configuration:
    """Read the configuration; raises ConfigurationError with what is wrong with it."""
    try:
        held = json.loads(path().read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError("Not configured yet: run “callanalytics-companion configure”.") from None
    except ValueError as error:
        raise ConfigurationError(f"{path()} cannot be read: {error}.") from error
    if not isinstance(held, dict) or not isinstance(held.get("switches", {}), dict):
        raise ConfigurationError(f"{path()} holds no configuration.")
    switches = held.get("switches", {})
    unknown = [name for name in held if name not in {one.name for one in fields(Configuration)}]
    unknown += [name for name in switches if name not in {one.name for one in fields(Switches)}]
    if unknown:
        raise ConfigurationError(f"{path()}: there is no setting “{unknown[0]}”.")
    if not all(isinstance(value, bool) for value in switches.values()):
        raise ConfigurationError(f"{path()}: switches are true or false.")
    portal, ca_file = held.get("portal", ""), held.get("ca_file", "")
    return Configuration(str(portal).rstrip("/"), str(ca_file), Switches(**switches)).check()
