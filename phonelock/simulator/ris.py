"""RisPort of the simulated cluster: where phones are registered, and not more often than UCM allows."""

import time
from xml.sax.saxutils import escape

from lxml.etree import _Element as Element

from phonelock.simulator.axl import ENVELOPE
from phonelock.simulator.cluster import Cluster, Phone

A_MINUTE = 15
TOO_OFTEN = (
    '<soapenv:Fault><faultcode xmlns:ns1="http://xml.apache.org/axis/">ns1:Server.RateControl</faultcode><faultstring>'
    "AxisFault: Exceeded allowed rate for Reatime information. Current allowed rate for realtime information is "
    f"{A_MINUTE} requests per minute.</faultstring></soapenv:Fault>"
)


class Ris:
    """Answers questions about registrations."""

    def __init__(self, cluster: Cluster) -> None:
        """Take the cluster."""
        self.cluster = cluster
        self.asked: list[float] = []

    def answer(self, request: Element) -> tuple[int, str]:
        """Return status and document for a question; from the sixteenth in a minute on a fault."""
        now = time.monotonic()
        self.asked = [*(moment for moment in self.asked if now - moment < 60), now]
        if len(self.asked) > A_MINUTE:
            return 500, ENVELOPE % TOO_OFTEN
        names = [item.text or "" for item in request.iterfind(".//{*}SelectItems/{*}item/{*}Item")]
        with self.cluster.guard:
            known = {name: self.cluster.content.phones[name] for name in names if name in self.cluster.content.phones}
        items = "".join(device(name, phone) for name, phone in known.items())
        # A second node still remembers the phones from before, and a third one does not answer.
        old = "".join(device(name, phone, here=False) for name, phone in known.items())
        return 200, ENVELOPE % (
            '<ns1:selectCmDeviceResponse xmlns:ns1="http://schemas.cisco.com/ast/soap"><ns1:selectCmDeviceReturn>'
            f"<ns1:SelectCmDeviceResult><ns1:TotalDevicesFound>{len(known)}</ns1:TotalDevicesFound><ns1:CmNodes>"
            f"{node('sub1', old)}{node('pub', items)}{node('sub2', '', 'NotFound')}"
            "</ns1:CmNodes></ns1:SelectCmDeviceResult></ns1:selectCmDeviceReturn></ns1:selectCmDeviceResponse>"
        )


def node(name: str, devices: str, code: str = "Ok") -> str:
    """Return what one node of the cluster knows."""
    return (
        f"<ns1:item><ns1:ReturnCode>{code}</ns1:ReturnCode><ns1:Name>{name}</ns1:Name>"
        f"<ns1:CmDevices>{devices}</ns1:CmDevices></ns1:item>"
    )


def device(name: str, phone: Phone, *, here: bool = True) -> str:
    """Return a phone as a node shows it; `here`: where it is registered, if it is at all."""
    status = "Registered" if here and phone.registered else "UnRegistered"
    address = phone.address if here else "192.0.2.1"
    told = {
        "Name": name, "Model": phone.model, "Httpd": "Yes" if phone.web_server else "No", "Status": status,
        "TimeStamp": str(phone.seen_at if here else phone.seen_at - 1),
    }  # fmt: skip
    inner = "".join(f"<ns1:{tag}>{escape(text)}</ns1:{tag}>" for tag, text in told.items())
    return (
        f"<ns1:item>{inner}<ns1:ActiveLoadID>{phone.load}</ns1:ActiveLoadID><ns1:IPAddress><ns1:item>"
        f"<ns1:IP>{address}</ns1:IP><ns1:IPAddrType>ipv4</ns1:IPAddrType></ns1:item></ns1:IPAddress></ns1:item>"
    )
