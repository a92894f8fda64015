"""How UCM writes calls down: the sides of a record, call and leg numbers, CDR and CMR fields."""

import random
from typing import NamedTuple

from accounting.demo.organisation import ISDN, as_uuid
from accounting.demo.records import signed_ip

DEVICE = 2
"""Pattern usage of a call to a device."""
NORMAL_CLEARING = 16


class Side(NamedTuple):
    """One end of a record: a phone, a trunk, a voicemail port or a conference bridge, as UCM writes it."""

    system: str
    node: int
    number: str
    partition: str
    device: str
    user: str = ""
    ip: str = ""
    mac: str = ""
    protocol: int = 0
    span: int = 0
    usage: int = DEVICE
    pattern: str = ""
    outpulsed: str = ""
    outpulsed_calling: str = ""


class Call(NamedTuple):
    """The identity of a call: system, node and number of the call on that node."""

    system: str
    node: int
    number: int


class Row(NamedTuple):
    """One record before it becomes text: `tag` is cdr or cmr, `ended` its time in epoch seconds."""

    tag: str
    system: str
    node: int
    ended: int
    fields: dict[str, object]


class CallBook:
    """Numbers calls and legs as a cluster does and gathers the records of one call in `rows`."""

    def __init__(self, rng: random.Random, systems: tuple[str, ...], start: int, *, quality: bool) -> None:
        """`start` in epoch seconds sets the first call and leg numbers; `quality` asks for CMRs as well."""
        self.rng = rng
        self.quality = quality
        self.rows: list[Row] = []
        # As on a real server the counters stand anywhere at the start; derived from the time, runs do not overlap.
        self._calls: dict[tuple[str, int], int] = {}
        self._first_call = start * 4
        self._legs = dict.fromkeys(systems, 16_777_216 + start * 16 % 2**31)

    def call(self, side: Side) -> Call:
        """Return the identity of a new call on the side's node; 24 bits, then from 1 again."""
        key = side.system, side.node
        number = self._calls.get(key, self._first_call + side.node * 4099) % (2**24 - 1) + 1
        self._calls[key] = number
        return Call(side.system, side.node, number)

    def legs(self, system: str, count: int = 2) -> range:
        """Return new leg identifiers of a phone system."""
        first = self._legs[system] + 1
        self._legs[system] = first + count - 1
        return range(first, first + count)

    def last_leg(self, system: str) -> int:
        """Return the newest leg identifier of a phone system."""
        return self._legs[system]

    def release(self) -> dict[str, int]:
        """Return normal clearing on one side or the other."""
        return {"origCause_value" if self.rng.random() < 0.46 else "destCause_value": NORMAL_CLEARING}

    def simple(self, orig: Side, dest: Side, began: int, ring: int, talk: int, **changes: object) -> None:
        """Add an ordinary answered call of one record; either side releases it unless `changes` say which."""
        leg, other = self.legs(orig.system)
        answered = began + ring
        if not changes.keys() & {"origCause_value", "destCause_value"}:
            changes |= self.release()
        self.record(self.call(orig), orig, leg, dest, other, began, answered, answered + talk, **changes)

    def record(
        self,
        call: Call,
        orig: Side,
        leg: int,
        dest: Side,
        dest_leg: int,
        began: int,
        answered: int,
        ended: int,
        **changes: object,
    ) -> None:
        """Add one record; times in epoch seconds, `answered` 0 when never connected, `changes` by column name."""
        fields = self._fields(call, orig, leg, dest, dest_leg, began, answered, ended)
        fields.update(changes)
        self.rows.append(Row("cdr", call.system, call.node, ended, fields))
        if self.quality and ended > answered > 0:
            for side, identifier, local, remote in (
                (orig, leg, "origDeviceSessionID", "destDeviceSessionID"),
                (dest, dest_leg, "destDeviceSessionID", "origDeviceSessionID"),
            ):
                if side.device.startswith(("SEP", "CSF")) or side.protocol == ISDN:
                    self._measure(
                        call, side, identifier, ended, ended - answered, str(fields[local]), str(fields[remote])
                    )

    def _fields(
        self, call: Call, orig: Side, leg: int, dest: Side, dest_leg: int, began: int, answered: int, ended: int
    ) -> dict[str, object]:
        rng, chance = self.rng, self.rng.random
        orig_ip, dest_ip = _ip(orig.ip), _ip(dest.ip)
        connected = answered > 0
        return {
            "globalCallID_callManagerId": call.node,
            "globalCallID_callId": call.number,
            "globalCallId_ClusterID": call.system,
            "pkid": as_uuid(f"{rng.getrandbits(128):032x}"),
            "origLegCallIdentifier": leg,
            "destLegIdentifier": dest_leg,
            "dateTimeOrigination": began,
            "dateTimeConnect": answered,
            "dateTimeDisconnect": ended,
            "duration": ended - answered if connected else 0,
            "origNodeId": orig.node,
            "destNodeId": dest.node if connected else 0,
            "origSpan": orig.span,
            "destSpan": dest.span,
            "origDeviceName": orig.device,
            "destDeviceName": dest.device,
            "origIpAddr": orig_ip,
            "destIpAddr": dest_ip,
            "origIpv4v6Addr": orig.ip,
            "destIpv4v6Addr": dest.ip if connected else "",
            "origMediaTransportAddress_IP": orig_ip if connected else 0,
            "destMediaTransportAddress_IP": dest_ip if connected else 0,
            "origMediaTransportAddress_Port": 16_384 + 2 * int(8_190 * chance()) if connected else 0,
            "destMediaTransportAddress_Port": 16_384 + 2 * int(8_190 * chance()) if connected else 0,
            "origMediaCap_payloadCapability": 2 if connected else 0,
            "destMediaCap_payloadCapability": 2 if connected else 0,
            "origMediaCap_maxFramesPerPacket": 20 if connected else 0,
            "destMediaCap_maxFramesPerPacket": 20 if connected else 0,
            "origMediaCap_Bandwidth": 64 if connected else 0,
            "destMediaCap_Bandwidth": 64 if connected else 0,
            "destDTMFMethod": 3 if connected else 0,
            "origCause_value": 0,
            "destCause_value": 0,
            "callingPartyNumber": orig.number,
            "callingPartyNumberPartition": orig.partition,
            "callingPartyUnicodeLoginUserID": orig.user,
            "callingPartyNumber_uri": "",
            "originalCalledPartyNumber": dest.number,
            "originalCalledPartyNumberPartition": dest.partition,
            "originalCalledPartyPattern": dest.pattern,
            "finalCalledPartyNumber": dest.number,
            "finalCalledPartyNumberPartition": dest.partition,
            "finalCalledPartyPattern": dest.pattern,
            "finalCalledPartyUnicodeLoginUserID": dest.user,
            "lastRedirectDn": dest.number,
            "lastRedirectDnPartition": dest.partition,
            "lastRedirectingPartyPattern": dest.pattern,
            "huntPilotDN": "",
            "huntPilotPartition": "",
            "huntPilotPattern": "",
            "origCallTerminationOnBehalfOf": 0,
            "destCallTerminationOnBehalfOf": 0,
            "origCalledPartyRedirectOnBehalfOf": 0,
            "lastRedirectRedirectOnBehalfOf": 0,
            "joinOnBehalfOf": 0,
            "origCalledPartyRedirectReason": 0,
            "lastRedirectRedirectReason": 0,
            "origConversationId": 0,
            "destConversationId": 0,
            "comment": "",
            "authCodeDescription": "",
            "authorizationLevel": 0,
            "authorizationCodeValue": "",
            "clientMatterCode": "",
            "outpulsedCallingPartyNumber": dest.outpulsed_calling,
            "outpulsedCalledPartyNumber": dest.outpulsed,
            "IncomingProtocolID": orig.protocol,
            "IncomingProtocolCallRef": f"{rng.getrandbits(128):032X}" if orig.protocol else "",
            "OutgoingProtocolID": dest.protocol,
            "OutgoingProtocolCallRef": f"{rng.getrandbits(128):032X}" if dest.protocol else "",
            "calledPartyPatternUsage": dest.usage,
            "wasCallQueued": 0,
            "totalWaitTimeInQueue": 0,
            "origDeviceSessionID": _session(rng, orig),
            "destDeviceSessionID": _session(rng, dest) if connected else "",
        }

    def _measure(self, call: Call, side: Side, leg: int, ended: int, talk: int, local: str, remote: str) -> None:
        rng = self.rng
        trouble = rng.random()
        loss = 0 if trouble < 0.9 else int(talk * 50 * rng.uniform(0.001, 0.06))
        jitter = rng.randrange(0, 9) if trouble < 0.93 else rng.randrange(15, 80)
        packets = talk * 50 + rng.randrange(-20, 20)
        concealed = min(1.0, loss / max(1, packets))
        score = max(1.0, 4.45 - 40 * concealed - jitter / 60)
        self.rows.append(
            Row(
                "cmr",
                call.system,
                call.node,
                ended,
                {
                    "globalCallID_callManagerId": call.node,
                    "globalCallID_callId": call.number,
                    "globalCallId_ClusterID": call.system,
                    "nodeId": side.node,
                    "directoryNum": side.number,
                    "directoryNumPartition": side.partition,
                    "callIdentifier": leg,
                    "dateTimeStamp": ended,
                    "numberPacketsSent": max(1, packets),
                    "numberOctetsSent": max(1, packets) * 160,
                    "numberPacketsReceived": max(0, packets - loss),
                    "numberOctetsReceived": max(0, packets - loss) * 160,
                    "numberPacketsLost": loss,
                    "jitter": jitter,
                    "latency": rng.randrange(0, 12),
                    "pkid": as_uuid(f"{rng.getrandbits(128):032x}"),
                    "deviceName": side.device,
                    "varVQMetrics": _metrics(score, concealed, loss),
                    "duration": talk,
                    "localSessionID": local,
                    "remoteSessionID": remote,
                },
            )
        )


def _metrics(score: float, concealed: float, loss: int) -> str:
    ratios = f"CCR={concealed:.4f};ICR={concealed / 2:.4f};ICRmx={concealed * 2:.4f};CS={loss // 60};SCS={loss // 90}"
    return f"MLQK={score:.4f};MLQKav={score:.4f};MLQKmn={max(1.0, score - 0.4):.4f};{ratios}"


_ADDRESSES: dict[str, int] = {}


def _ip(address: str) -> int:
    number = _ADDRESSES.get(address)
    if number is None:
        number = _ADDRESSES[address] = signed_ip(address)
    return number


def _session(rng: random.Random, side: Side) -> str:
    return f"{rng.getrandbits(32):08x}00105000a000{side.mac.lower()}" if side.mac else ""
