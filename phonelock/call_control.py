"""Cisco's External Call Control: what UCM asks about a call (XACML 2.0), and what it is answered; bytes in and out."""

import re
import threading
from dataclasses import dataclass, field
from enum import StrEnum

from lxml import etree

LARGEST_QUESTION = 64 * 1024
"""Bytes; UCM's questions have about two thousand."""
LONGEST_NUMBER = 64
CONTENT_TYPE = "text/xml; charset=utf-8"
SUFFIXES = range(10, 1, -1)
"""Lengths of a caller's last digits that may be an extension; the longest first."""
SEPARATORS = str.maketrans("", "", "\\ -.()/")
PERMIT_OBLIGATION = '&lt;cixml ver="1.0"&gt;&lt;continue&gt;&lt;/continue&gt; &lt;/cixml&gt;'
DENY_OBLIGATION = '&lt;cixml ver="1.0"&gt;&lt;reject&gt;&lt;/reject&gt; &lt;/cixml&gt;'


class Decision(StrEnum):
    """The answers that XACML knows."""

    PERMIT = "Permit"
    DENY = "Deny"
    NOT_APPLICABLE = "NotApplicable"
    INDETERMINATE = "Indeterminate"
    """UCM does what its profile says about failures."""


class UnreadableError(ValueError):
    """What was asked is no question of External Call Control; the text says why, for the log."""


@dataclass(frozen=True, slots=True)
class Question:
    """One call that a phone system asks about, as far as the portal looks at it."""

    calling: str
    called: str
    transformed_calling: str = ""
    transformed_called: str = ""
    device_name: str = ""
    called_numbers: tuple[str, ...] = field(init=False, default=())
    """As dialled, and as UCM would send it on."""

    def __post_init__(self) -> None:
        """Put the forms of the called number together."""
        both = (plain(self.called), plain(self.transformed_called))
        object.__setattr__(self, "called_numbers", tuple(dict.fromkeys(filter(None, both))))

    def callers(self, *, with_suffixes: bool) -> list[str]:
        """Return which extensions the caller may be, the likeliest first.

        The number as it is comes first, then as transformed. Last digits count for callers on own phones only: a
        caller from outside, whose call is forwarded to the outside, must not be taken for an extension.
        """
        numbers = [one for one in (plain(self.calling), plain(self.transformed_calling)) if one]
        found = [form for one in numbers for form in (one, one.removeprefix("+"))]
        if with_suffixes:
            found += [one[-length:] for length in SUFFIXES for one in numbers if length < len(one.removeprefix("+"))]
        return list(dict.fromkeys(found))


def read(body: bytes) -> Question:
    """Return the question in a request's body; raises UnreadableError."""
    if len(body) > LARGEST_QUESTION:
        raise UnreadableError("longer than 64 KB")
    root = parsed(body)
    if local_name(root) != "request":
        raise UnreadableError("no XACML request")
    said = attributes(root)
    if not (said.get("callingnumber") or said.get("transformedcgpn")) or not said.get("callednumber"):
        raise UnreadableError("without calling or called number")
    return Question(
        calling=said.get("callingnumber", ""),
        called=said["callednumber"],
        transformed_calling=said.get("transformedcgpn", ""),
        transformed_called=said.get("transformedcdpn", ""),
        device_name=said.get("callingdevicename", "")[:129],
    )


class Parsers(threading.local):
    """The parsers of one thread, the second for documents that are not in the encoding that they name.

    Nothing is fetched or expanded, whatever a document asks for.
    """

    def __init__(self) -> None:
        """Make them: that takes longer than parsing."""
        self.both = [
            etree.XMLParser(
                encoding=encoding, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
                remove_comments=True, remove_pis=True,
            )
            for encoding in (None, "iso-8859-1")
        ]  # fmt: skip


PARSERS = Parsers()


def parsed(body: bytes) -> etree._Element:
    """Return the root of a document without a document type; UCM announces ISO-8859-1 for what says it is UTF-8."""
    for parser in PARSERS.both:
        try:
            root = etree.fromstring(body, parser)
        except (etree.XMLSyntaxError, ValueError):
            continue
        if root.getroottree().docinfo.doctype:
            raise UnreadableError("with a document type")
        return root
    raise UnreadableError("no XML")


def attributes(root: etree._Element) -> dict[str, str]:
    """Return the values by the last part of their names, whatever the case in which releases of UCM write them."""
    found: dict[str, str] = {}
    for attribute in root.iter():
        if local_name(attribute) != "attribute":
            continue
        name = next((value for key, value in attribute.items() if key.lower() == "attributeid"), "")
        value = next((one.text for one in attribute if local_name(one) == "attributevalue"), None)
        found.setdefault(str(name).rpartition(":")[2].lower(), (value or "").strip()[:LONGEST_NUMBER])
    return found


def local_name(element: etree._Element) -> str:
    """Return a tag without namespace in small letters, '' for what is no element."""
    return element.tag.rpartition("}")[2].lower() if isinstance(element.tag, str) else ""


def plain(number: str) -> str:
    r"""Return a number without signs that separate its digits, without what escapes the + (\+), without a host."""
    user = re.sub(r"^(?:sips?|tel):", "", number.strip(), flags=re.IGNORECASE).partition("@")[0].partition(";")[0]
    return user.translate(SEPARATORS)


def _permitting_or_denying(decision: Decision, obligation: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        f"<Response><Result><Decision>{decision}</Decision><Status></Status><Obligations>"
        f'<Obligation FulfillOn="{decision}" ObligationId="urn:cisco:xacml:policy-attribute">'
        '<AttributeAssignment AttributeId="Policy:simplecontinue">'
        f'<AttributeValue DataType="http://www.w3.org/2001/XMLSchema#string">{obligation}</AttributeValue>'
        "</AttributeAssignment></Obligation></Obligations></Result></Response>\n"
    ).encode()


def _undecided(decision: Decision) -> bytes:
    text = f"<Response><Result><Decision>{decision}</Decision></Result></Response>\n"
    return b'<?xml version="1.0" encoding="UTF-8"?>\n' + text.encode()


ANSWERS = {
    Decision.PERMIT: _permitting_or_denying(Decision.PERMIT, PERMIT_OBLIGATION),
    Decision.DENY: _permitting_or_denying(Decision.DENY, DENY_OBLIGATION),
    Decision.NOT_APPLICABLE: _undecided(Decision.NOT_APPLICABLE),
    Decision.INDETERMINATE: _undecided(Decision.INDETERMINATE),
}
"""The body of each answer, made once."""
