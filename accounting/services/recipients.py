"""To whom something is mailed: people of the organisation by name, and free addresses in the allowed domains."""

import re
from contextlib import suppress
from dataclasses import dataclass
from email.utils import formataddr

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.db.models.functions import Lower
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounting.models import MailServer, User
from accounting.services.mailing import RecipientRefusedError, allowed_domains, check_addresses
from accounting.services.outbox import address_of, checked, is_address

MOST_FOUND, MOST_NAMED, MOST_WORDS = 12, 3, 5
LONGEST_LIST = 100_000
"""Letters of all recipients that can be typed."""
SEPARATOR = re.compile(r"[,;\r\n]+(?=(?:[^\"]*\"[^\"]*\")*[^\"]*$)")
"""Between recipients, not within a name in quotation marks."""
IN_BRACKETS = re.compile(r"<([^<>]*)>\s*$")


@dataclass(frozen=True, slots=True)
class Reach:
    """To whom mails may go, as forms say before anything is typed."""

    domains: list[str]
    """The domains to which alone they may go; empty: to people with an account here, or to everybody."""
    everybody: bool
    most: int
    """How many recipients one mail may have."""


def reach() -> Reach:
    """Return to whom mails may go by the set-up of now."""
    server = MailServer.current()
    return Reach(sorted(allowed_domains(server)), server.every_address, server.most_recipients)


def people_to_mail(typed: str) -> QuerySet[User]:
    """Return the people with an address whose names, user name or address begin with the typed words.

    Whoever may send mail finds everybody, as in the organisation's address book: names and addresses, nothing else.
    """
    people = User.objects.filter(is_active=True).exclude(email="")
    words = [word for word in re.split(r"\s+", typed.strip()) if word][:MOST_WORDS]
    if not words or "\0" in typed:
        return people.none()
    for word in words:
        names = Q(last_name__istartswith=word) | Q(first_name__istartswith=word)
        people = people.filter(names | Q(username__istartswith=word) | Q(email__istartswith=word))
    return people


def written(person: User) -> str:
    """Return a person as a recipient is written: name and address."""
    return formataddr((str(person), person.email)) if str(person).isascii() else f"{person} <{person.email}>"


def read_recipients(text: str) -> list[str]:
    """Return the addresses in what somebody has typed; raise ValidationError with everything that is wrong."""
    addresses, problems = [], []
    for item in filter(None, (part.strip() for part in SEPARATOR.split(text))):
        try:
            addresses.append(address_in(item))
        except ValidationError as error:
            problems.extend(error.messages)
    found, server = list(dict.fromkeys(map(address_of, addresses))), MailServer.current()
    if len(found) > server.most_recipients:
        most = server.most_recipients
        text = ngettext(
            "A mail goes to %(most)s recipient at most.", "A mail goes to %(most)s recipients at most.", most
        )
        problems.append(text % {"most": most})
    try:
        check_addresses(found, server)
    except RecipientRefusedError as refused:
        problems.append(str(refused))
    if problems:
        raise ValidationError(" ".join(problems))
    return found


def address_in(item: str) -> str:
    """Return the address of one recipient, typed as address, as name with address, or as a person's name."""
    bracketed = IN_BRACKETS.search(item)
    if "@" in item or bracketed:
        address = bracketed[1].strip() if bracketed else item
        if not is_address(address):
            text = _("“%(address)s” is not an e-mail address.")
            raise ValidationError(text % {"address": address[:100]})
        return address
    return person_named(item).email


def person_named(typed: str) -> User:
    """Return the one person who is meant; raise ValidationError when nobody is, or more than one."""
    by_user_name = User.objects.filter(is_active=True, username__iexact=typed).exclude(email="").first()
    if by_user_name is not None and "\0" not in typed:
        return by_user_name
    people = list(people_to_mail(typed)[: MOST_NAMED + 1])
    if len(people) == 1:
        return people[0]
    if not people:
        text = _("Nobody with an e-mail address is called “%(name)s”.")
        raise ValidationError(text % {"name": typed[:100]})
    text = _("“%(name)s” can be several people: %(people)s. Choose one from the search.")
    raise ValidationError(text % {"name": typed[:100], "people": ", ".join(map(written, people[:MOST_NAMED]))})


def still_here(addresses: list[str]) -> tuple[list[str], list[str]]:
    """Return the recipients without those whose accounts are closed, and those; raise RecipientRefusedError."""
    stay, left = without_leavers(addresses)
    if left and not stay:
        raise RecipientRefusedError(_("Every recipient has left."))
    return checked(stay), left


def without_leavers(addresses: list[str]) -> tuple[list[str], list[str]]:
    """Return the addresses without those whose accounts are closed, and those."""
    people = User.objects.annotate(address=Lower("email")).filter(address__in=[one.lower() for one in addresses])
    known = set(people.filter(is_active=True).values_list("address", flat=True))
    gone = set(people.filter(is_active=False).values_list("address", flat=True)) - known
    left = [one for one in addresses if one.lower() in gone]
    return [one for one in addresses if one not in left], left


def allowed_among(addresses: list[str]) -> list[str]:
    """Return those addresses to which mail may go by the set-up of now."""
    allowed = []
    for one in addresses:
        with suppress(RecipientRefusedError):
            allowed += checked([one])
    return list(dict.fromkeys(allowed))
