"""What one reading of the directory found: people as its entries describe them."""

from dataclasses import dataclass, field

from django.utils.translation import gettext as _

from accounting.models import Directory, Role

GROUP_OF = {Role.ADMINISTRATOR: "administrators_group", Role.SUPERVISOR: "supervisors_group"}
"""Roles that a group can give, the highest first, with the setting that names the group."""


@dataclass(frozen=True, slots=True)
class DirectoryPerson:
    """One entry; '' where it has no value, None where the mapping says nothing about a field."""

    key: str
    username: str
    first_name: str
    last_name: str
    email: str | None
    employee_number: str | None
    language: str | None
    department: str | None
    cost_centre: str | None
    office: str | None
    extension: str | None
    roles: frozenset[str]
    """Those that its groups give."""

    def role(self, directory: Directory, present: str) -> str:
        """Return the highest role that a group gives; a role without a group is the portal's to set."""
        for role, setting in GROUP_OF.items():
            if role in self.roles if getattr(directory, setting) else present == role:
                return role
        return Role.USER


@dataclass(slots=True)
class Reading:
    """The people, and what cannot be taken."""

    people: list[DirectoryPerson] = field(default_factory=list)
    entries: int = 0
    disabled: set[str] = field(default_factory=set)
    """Keys and user names of accounts that the directory has disabled."""
    problems: list[tuple[str, str]] = field(default_factory=list)
    """Entries that cannot be taken: their name, and why."""
    taken: set[str] = field(default_factory=set)
    """Keys and user names of the people."""
    doubtful: set[str] = field(default_factory=set)
    """Keys and user names of the entries that cannot be taken: nobody is closed for them."""

    def take(self, person: DirectoryPerson, dn: str, *, disabled: bool) -> None:
        """Add an entry, or the reason why it cannot be taken."""
        names = {person.username, person.key} - {""}
        self.entries += 1
        if disabled:
            self.disabled |= names
            return
        if not person.username:
            self.problems.append((dn, _("It has no user name.")))
        elif names & self.taken:
            self.problems.append((dn, _("Another entry has the same user name or the same lasting key.")))
        else:
            self.people.append(person)
            self.taken |= names
            return
        self.doubtful |= names
