"""How the directory is reached, and by what it knows people: as entered in the set-up, else by the environment."""

import hashlib
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings

from accounting.models import Directory

LOOPBACK = ("localhost", "127.0.0.1", "::1")


class DirectoryFault(Exception):  # noqa: N818  (what people read)
    """The directory cannot be read; the text says why and what to look at."""


@dataclass(frozen=True, slots=True)
class DirectoryAccess:
    """Servers, account and look-ups of one directory."""

    servers: str
    """Addresses with blanks between them, tried in turn."""
    start_tls: bool
    ca_file: str
    """Path of the certificates of the authority; '' where they are entered, or are the system's."""
    bind_dn: str
    bind_password: str
    timeout: int
    """Seconds for each step."""
    user_base: str
    login_filter: str
    administrators_group: str
    supervisors_group: str
    attribute_of: dict[str, str]
    """By field of a person, for sign-in."""
    key_attribute: str = ""
    ca_certificate: str = ""
    """Entered certificates of the authority."""

    def __repr__(self) -> str:
        """Leave the password out of logs and error pages."""
        return f"<DirectoryAccess {self.servers}>"

    @property
    def over_tls(self) -> bool:
        """Whether connections are encrypted from their first byte."""
        return self.servers.startswith("ldaps")

    @property
    def is_encrypted(self) -> bool:
        """Whether no password travels in clear text beyond this machine."""
        servers = [urlsplit(server) for server in self.servers.replace(",", " ").split()]
        return self.start_tls or all(one.scheme != "ldap" or one.hostname in LOOPBACK for one in servers)


def current_access() -> DirectoryAccess | None:
    """Return the directory for sign-in: the set-up's when enabled, else the environment's, None without either."""
    entered = Directory.objects.filter(pk=1, enabled=True).exclude(server_uri="").first()
    if entered is not None:
        return entered_access(entered)
    return access_by_environment() if settings.LDAP_SERVER_URI else None


def entered_access(directory: Directory) -> DirectoryAccess:
    """Return what the set-up says."""
    return DirectoryAccess(
        servers=directory.server_uri.strip(),
        start_tls=directory.start_tls,
        ca_file="",
        bind_dn=directory.bind_dn,
        bind_password=directory.bind_password,
        timeout=directory.timeout,
        user_base=directory.user_base,
        login_filter=directory.login_filter,
        administrators_group=directory.administrators_group,
        supervisors_group=directory.supervisors_group,
        attribute_of={
            "first_name": directory.first_name_attribute,
            "last_name": directory.last_name_attribute,
            "email": directory.email_attribute,
        },
        key_attribute=directory.key_attribute,
        ca_certificate=directory.ca_certificate.strip(),
    )


def access_by_environment() -> DirectoryAccess:
    """Return what the variables LDAP_* say."""
    return DirectoryAccess(
        servers=settings.LDAP_SERVER_URI,
        start_tls=settings.LDAP_START_TLS,
        ca_file=settings.LDAP_CA_FILE,
        bind_dn=settings.LDAP_BIND_DN,
        bind_password=settings.LDAP_BIND_PASSWORD,
        timeout=settings.LDAP_TIMEOUT,
        user_base=settings.LDAP_USER_BASE,
        login_filter=settings.LDAP_USER_FILTER,
        administrators_group=settings.LDAP_ADMINISTRATORS_GROUP,
        supervisors_group=settings.LDAP_SUPERVISORS_GROUP,
        attribute_of={"first_name": "givenName", "last_name": "sn", "email": "mail"},
    )


def certificate_file(pem: str) -> str:
    """Return the path of a file with these certificates, as libldap wants them; never seen half written.

    Raises OSError where the data folder cannot be written.
    """
    content = pem.encode() + b"\n"
    path = Path(settings.DATA_DIR) / "certificates" / f"{hashlib.sha256(content).hexdigest()[:32]}.pem"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, delete=False) as file:
            file.write(content)
        os.replace(file.name, path)  # noqa: PTH105  (atomic, over a file that another process has just written)
    return str(path)
