"""Asks a UCM where phones are registered (RisPort70): address, model, and whether their web server is on."""

from collections.abc import Iterable
from dataclasses import dataclass

from lxml import etree
from lxml.etree import _Element as Element

from accounting.services.axl import Publisher
from phonelock.engines.soap import SoapConnection, SoapFault

NAMESPACE = "http://schemas.cisco.com/ast/soap"
PATH = "/realtimeservice2/services/RISService70"
MOST = 1000
"""Devices that one question may name."""
REGISTERED = "Registered"


@dataclass(frozen=True, slots=True)
class Registration:
    """Where a phone is, as its cluster knows."""

    device_name: str
    address: str = ""
    """IPv4 where there is one; '' for a phone that is not registered."""
    model: str = ""
    """Cisco's number of the model."""
    load: str = ""
    """The firmware, which begins with the family: sip88xx."""
    web_server: bool | None = None
    """Whether it takes pushes; None: the cluster does not know."""
    registered: bool = False
    seen_at: int = 0
    """When that was so, in seconds of the epoch."""


class RisClient:
    """The registrations of one cluster."""

    def __init__(self, publisher: Publisher) -> None:
        """Take where and as whom; nothing is sent yet."""
        self.soap = SoapConnection(publisher, PATH)

    def close(self) -> None:
        """Hang up."""
        self.soap.close()

    def registrations(self, device_names: Iterable[str]) -> dict[str, Registration]:
        """Return what is known of at most 1000 devices, by name; raises EngineFault, SoapFault when refused."""
        answer = self.soap.ask("selectCmDevice", request_for(device_names))
        found: dict[str, Registration] = {}
        for cluster_node in answer.iterfind(".//{*}CmNodes/{*}item"):
            if text_of(cluster_node, "ReturnCode") != "Ok":
                continue
            for device in cluster_node.iterfind("{*}CmDevices/{*}item"):
                one = registration_in(device)
                found[one.device_name] = better(found.get(one.device_name), one)
        return found


def is_too_often(fault: SoapFault) -> bool:
    """Whether registrations were asked for too often, by whomever."""
    return "RateControl" in fault.code or "Exceeded allowed rate" in fault.said


def request_for(device_names: Iterable[str]) -> Element:
    """Return the question, in the element order of Cisco's WSDL."""
    request = etree.Element(f"{{{NAMESPACE}}}selectCmDevice", nsmap={"ns": NAMESPACE})
    child(request, "StateInfo")
    criteria = child(request, "CmSelectionCriteria")
    for name, value in (
        ("MaxReturnedDevices", str(MOST)), ("DeviceClass", "Phone"), ("Model", "255"), ("Status", "Any"),
        ("NodeName", ""), ("SelectBy", "Name"),
    ):  # fmt: skip
        child(criteria, name, value)
    items = child(criteria, "SelectItems")
    for device_name in device_names:
        child(child(items, "item"), "Item", device_name)
    child(criteria, "Protocol", "Any")
    child(criteria, "DownloadStatus", "Any")
    return request


def child(parent: Element, name: str, text: str = "") -> Element:
    """Add an element of the service's namespace."""
    made = etree.SubElement(parent, f"{{{NAMESPACE}}}{name}")
    made.text = text or None
    return made


def text_of(element: Element, name: str) -> str:
    """Return the text of a child, '' for none."""
    return (element.findtext(f"{{*}}{name}") or "").strip()


def registration_in(device: Element) -> Registration:
    """Return what an entry says."""
    addresses = [
        (text_of(item, "IPAddrType"), text_of(item, "IP")) for item in device.iterfind("{*}IPAddress/{*}item")
    ]  # fmt: skip
    # "ipv4" sorts before "ipv6".
    address = next((ip for _kind, ip in sorted(addresses) if ip), "")
    registered = text_of(device, "Status") == REGISTERED
    seen = text_of(device, "TimeStamp")
    return Registration(
        device_name=text_of(device, "Name"), address=address if registered else "", model=text_of(device, "Model"),
        load=text_of(device, "ActiveLoadID"), registered=registered, seen_at=int(seen) if seen.isdigit() else 0,
        web_server={"Yes": True, "No": False}.get(text_of(device, "Httpd")),
    )  # fmt: skip


def better(known: Registration | None, other: Registration) -> Registration:
    """Return which of two nodes' entries counts: where the phone is registered, else the newest."""
    if known is None:
        return other
    return max(known, other, key=lambda one: (one.registered, one.seen_at))
