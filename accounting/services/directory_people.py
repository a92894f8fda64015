"""People as the directory has them: its entries read by the field mapping of the set-up."""

import re
from collections.abc import Callable
from functools import lru_cache
from itertools import islice
from typing import Any

import ldap
from django.conf import settings
from django.utils.translation import get_language_info
from django.utils.translation import gettext as _
from ldap.filter import filter_format

from accounting.models import Directory
from accounting.services.directory_access import DirectoryFault, entered_access
from accounting.services.directory_connection import (
    NO_SUCH_BRANCH,
    Attributes,
    connected,
    is_disabled,
    key_of,
    same_dn,
    search,
    text_of,
)
from accounting.services.directory_reading import GROUP_OF, DirectoryPerson, Reading

LONGEST = {
    "username": 150, "first_name": 150, "last_name": 150, "email": 254, "employee_number": 40, "language": 40,
    "department": 80, "cost_centre": 80, "office": 80, "extension": 50,
}  # fmt: skip
"""What the columns hold, by field; each field has a setting `<field>_attribute`."""
MEMBER_IN_CHAIN = "1.2.840.113556.1.4.1941"  # Active Directory's rule for membership through other groups
Told = Callable[[int], None]


def read_people(directory: Directory, told: Told = lambda _count: None, most: int | None = None) -> Reading:
    """Read the people, or some of them; raise DirectoryFault. `told` hears after each page how many entries came."""
    names = [getattr(directory, f"{name}_attribute") for name in ("key", *LONGEST)]
    wanted = sorted({name for name in names if name} | {"userAccountControl"})
    reading = Reading()
    with connected(entered_access(directory)) as connection:
        # The members of nested groups take Active Directory long: not for a few people.
        roles = roles_by_groups(connection, directory, nested=most is None)
        size = min(directory.page_size, most or directory.page_size)
        rows = search(connection, directory.user_base, directory.people_filter, wanted, size, told)
        for dn, attributes in islice(rows, most):
            person = person_of(attributes, directory, roles_of(dn, attributes, directory, roles))
            reading.take(person, dn, disabled=is_disabled(attributes))
    return reading


def person_of(attributes: Attributes, directory: Directory, roles: frozenset[str]) -> DirectoryPerson:
    """Return one entry by the field mapping."""

    def value(name: str) -> str | None:
        attribute = getattr(directory, f"{name}_attribute")
        return text_of(attributes, attribute)[: LONGEST[name]].strip() if attribute else None

    language, extension = value("language"), value("extension")
    return DirectoryPerson(
        key=key_of(attributes, directory.key_attribute),
        username=(value("username") or "").lower(),
        first_name=value("first_name") or "",
        last_name=value("last_name") or "",
        email=value("email"),
        employee_number=value("employee_number"),
        language=None if language is None else portal_language(language),
        department=value("department"),
        cost_centre=value("cost_centre"),
        office=value("office"),
        extension=None if extension is None else extension_of(extension, directory.extension_digits),
        roles=roles,
    )


@lru_cache(maxsize=256)
def portal_language(text: str) -> str:
    """Return the portal's language for what a directory says, for instance de-AT or German; '' for none of them."""
    first = re.split(r"[,;]", text)[0].strip().lower()
    for code, _name in settings.LANGUAGES:
        names = get_language_info(code)
        if first in (names["name"].lower(), names["name_local"].lower()) or re.split("[-_]", first)[0] == code:
            return str(code)
    return ""


def extension_of(number: str, digits: int | None) -> str:
    """Return the last digits of a number, or all of them."""
    found = "".join(letter for letter in number if letter.isascii() and letter.isdigit())
    return found[-digits:] if digits else found


def roles_of(dn: str, attributes: Attributes, directory: Directory, roles: dict[str, set[str]]) -> frozenset[str]:
    """Return the roles that an entry's groups give."""
    if not roles:
        return frozenset()
    names = {same_dn(dn), text_of(attributes, directory.username_attribute).lower()}
    return frozenset(role for role, members in roles.items() if names & members)


def roles_by_groups(connection: Any, directory: Directory, *, nested: bool) -> dict[str, set[str]]:
    """Return by role the people, as comparable DNs, whom the group of that role holds; only roles with a group."""
    groups = {str(role): getattr(directory, setting).strip() for role, setting in GROUP_OF.items()}
    members: dict[str, set[str]] = {role: listed_members(connection, group) for role, group in groups.items() if group}
    if nested:
        members = {role: found | nested_members(connection, directory, groups[role]) for role, found in members.items()}
    return members


def listed_members(connection: Any, group: str) -> set[str]:
    """Return whom a group lists.

    A group that is not there raises DirectoryFault: taken for empty, it would take everybody's role away.
    """
    names = ["member", "uniqueMember", "memberUid"]
    try:
        entries = connection.search_ext_s(group, ldap.SCOPE_BASE, attrlist=names)
    except NO_SUCH_BRANCH as error:
        raise DirectoryFault(_("There is no group “%(group)s”.") % {"group": group}) from error
    lists = [members for _dn, values in entries for members in values.values()]
    return {same_dn(one.decode("utf-8", "replace")) for members in lists for one in members}


def nested_members(connection: Any, directory: Directory, group: str) -> set[str]:
    """Return who is in a group, in Active Directory also through other groups; elsewhere nobody."""
    query = f"(&{directory.people_filter}{filter_format(f'(memberOf:{MEMBER_IN_CHAIN}:=%s)', [group])})"
    rows = search(connection, directory.user_base, query, ["1.1"], directory.page_size)
    return {same_dn(dn) for dn, _values in rows}
