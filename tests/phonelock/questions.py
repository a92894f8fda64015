"""A call-control client as UCM has one: asks about calls in UCM's words, reads the decision strictly."""

from xml.sax.saxutils import escape

from lxml import etree

HEADERS = {
    "methodName": "isRoleAccessAllowed",
    "User-Agent": "CiscoUCM-HttpClient/1.0",
}
NAMES = {
    "calling": "callingnumber",
    "called": "callednumber",
    "transformed_calling": "transformedcgpn",
    "transformed_called": "transformedcdpn",
    "device": "callingdevicename",
}
TEXT = 'DataType="http://www.w3.org/2001/XMLSchema#string"'


def question(calling: str, called: str, **more: str) -> bytes:
    """Return what UCM posts about a call; transformed numbers are as dialled where nothing else is said."""
    said = {"calling": calling, "called": called, "transformed_calling": calling, "transformed_called": called} | more
    attributes = "".join(
        f'<Attribute AttributeId="urn:Cisco:uc:1.0:{NAMES[name]}" {TEXT}>'
        f"<AttributeValue>{escape(value)}</AttributeValue></Attribute>"
        for name, value in said.items()
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<Request xmlns="urn:oasis:names:tc:xacml:2.0:context:schema:os">'
        '<Subject SubjectCategory="urn:oasis:names:tc:xacml:1.0:subject-category:access-subject">'
        '<Attribute AttributeId="urn:oasis:names:tc:xacml:1.0:subject:role-id" Issuer="requestor" '
        f"{TEXT}><AttributeValue>CISCO:UC:UCMPolicy</AttributeValue></Attribute>{attributes}</Subject>"
        '<Resource><Attribute AttributeId="urn:oasis:names:tc:xacml:1.0:resource:resource-id">'
        "<AttributeValue>CISCO:UC:VoiceOrVideoCall</AttributeValue></Attribute></Resource>"
        '<Action><Attribute AttributeId="urn:oasis:names:tc:xacml:1.0:action:action-id">'
        "<AttributeValue>any</AttributeValue></Attribute></Action>"
        f'<Environment><Attribute AttributeId="urn:Cisco:uc:1.0:triggerpointtype" {TEXT}>'
        "<AttributeValue>routepattern</AttributeValue></Attribute></Environment></Request>"
    ).encode()


def decision_in(answer: bytes) -> str:
    """Return the decision of an answer; a decision must bring the instruction that fits it, in UCM's own XML."""
    [result] = etree.fromstring(answer)
    decision = str(result.findtext("Decision"))
    instruction = result.findtext(".//AttributeValue")
    if decision in ("Permit", "Deny"):
        assert result.find("Obligations/Obligation").get("FulfillOn") == decision
        [told] = etree.fromstring(instruction.encode())
        assert told.tag == {"Permit": "continue", "Deny": "reject"}[decision]
    else:
        assert instruction is None
    return decision
