"""The columns of Cisco UCM call detail (CDR) and call management (CMR) records: name, type and first version.

Each block holds the columns that a version appended, as name:type, where I is INTEGER, U is UNIQUEIDENTIFIER and a
number is the length of a VARCHAR.
"""

from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a record file."""

    name: str
    type: str
    since: str

    @property
    def is_quoted(self) -> bool:
        """Whether its values stand in double quotes."""
        return self.type != "INTEGER"


_CDR = {
    "7.0": """
        cdrRecordType:I globalCallID_callManagerId:I globalCallID_callId:I origLegCallIdentifier:I
        dateTimeOrigination:I origNodeId:I origSpan:I origIpAddr:I callingPartyNumber:50
        callingPartyUnicodeLoginUserID:128 origCause_location:I origCause_value:I origPrecedenceLevel:I
        origMediaTransportAddress_IP:I origMediaTransportAddress_Port:I origMediaCap_payloadCapability:I
        origMediaCap_maxFramesPerPacket:I origMediaCap_g723BitRate:I origVideoCap_Codec:I origVideoCap_Bandwidth:I
        origVideoCap_Resolution:I origVideoTransportAddress_IP:I origVideoTransportAddress_Port:I
        origRSVPAudioStat:64 origRSVPVideoStat:64 destLegIdentifier:I destNodeId:I destSpan:I destIpAddr:I
        originalCalledPartyNumber:50 finalCalledPartyNumber:50 finalCalledPartyUnicodeLoginUserID:128
        destCause_location:I destCause_value:I destPrecedenceLevel:I destMediaTransportAddress_IP:I
        destMediaTransportAddress_Port:I destMediaCap_payloadCapability:I destMediaCap_maxFramesPerPacket:I
        destMediaCap_g723BitRate:I destVideoCap_Codec:I destVideoCap_Bandwidth:I destVideoCap_Resolution:I
        destVideoTransportAddress_IP:I destVideoTransportAddress_Port:I destRSVPAudioStat:64 destRSVPVideoStat:64
        dateTimeConnect:I dateTimeDisconnect:I lastRedirectDn:50 pkid:U originalCalledPartyNumberPartition:50
        callingPartyNumberPartition:50 finalCalledPartyNumberPartition:50 lastRedirectDnPartition:50 duration:I
        origDeviceName:129 destDeviceName:129 origCallTerminationOnBehalfOf:I destCallTerminationOnBehalfOf:I
        origCalledPartyRedirectOnBehalfOf:I lastRedirectRedirectOnBehalfOf:I origCalledPartyRedirectReason:I
        lastRedirectRedirectReason:I destConversationId:I globalCallId_ClusterID:50 joinOnBehalfOf:I comment:2048
        authCodeDescription:50 authorizationLevel:I clientMatterCode:32 origDTMFMethod:I destDTMFMethod:I
        callSecuredStatus:I origConversationId:I origMediaCap_Bandwidth:I destMediaCap_Bandwidth:I
        authorizationCodeValue:32
    """,
    "7.1": """
        outpulsedCallingPartyNumber:50 outpulsedCalledPartyNumber:50 origIpv4v6Addr:64 destIpv4v6Addr:64
        origVideoCap_Codec_Channel2:I origVideoCap_Bandwidth_Channel2:I origVideoCap_Resolution_Channel2:I
        origVideoTransportAddress_IP_Channel2:I origVideoTransportAddress_Port_Channel2:I
        origVideoChannel_Role_Channel2:I destVideoCap_Codec_Channel2:I destVideoCap_Bandwidth_Channel2:I
        destVideoCap_Resolution_Channel2:I destVideoTransportAddress_IP_Channel2:I
        destVideoTransportAddress_Port_Channel2:I destVideoChannel_Role_Channel2:I
    """,
    "8.0": """
        IncomingProtocolID:I IncomingProtocolCallRef:32 OutgoingProtocolID:I OutgoingProtocolCallRef:32
        currentRoutingReason:I origRoutingReason:I lastRedirectingRoutingReason:I huntPilotPartition:50
        huntPilotDN:50
    """,
    "8.5": """
        calledPartyPatternUsage:I
    """,
    "9.0": """
        IncomingICID:50 IncomingOrigIOI:50 IncomingTermIOI:50 OutgoingICID:50 OutgoingOrigIOI:50 OutgoingTermIOI:50
        outpulsedOriginalCalledPartyNumber:50 outpulsedLastRedirectingNumber:50 wasCallQueued:I
        totalWaitTimeInQueue:I callingPartyNumber_uri:255 originalCalledPartyNumber_uri:255
        finalCalledPartyNumber_uri:255 lastRedirectDn_uri:255
    """,
    "10.0": """
        mobileCallingPartyNumber:50 finalMobileCalledPartyNumber:50 origMobileDeviceName:129
        destMobileDeviceName:129 origMobileCallDuration:I destMobileCallDuration:I mobileCallType:I
    """,
    "10.5": """
        originalCalledPartyPattern:50 finalCalledPartyPattern:50 lastRedirectingPartyPattern:50 huntPilotPattern:50
    """,
    "12.0": """
        origDeviceType:100 destDeviceType:100
    """,
    "12.5": """
        origDeviceSessionID:128 destDeviceSessionID:128
    """,
}

_CMR = {
    "7.0": """
        cdrRecordType:I globalCallID_callManagerId:I globalCallID_callId:I nodeId:I directoryNum:50 callIdentifier:I
        dateTimeStamp:I numberPacketsSent:I numberOctetsSent:I numberPacketsReceived:I numberOctetsReceived:I
        numberPacketsLost:I jitter:I latency:I pkid:U directoryNumPartition:50 globalCallId_ClusterID:50
        deviceName:129 varVQMetrics:600
    """,
    "10.0": """
        duration:I videoContentType:10 videoDuration:I numberVideoPacketsSent:I numberVideoOctetsSent:I
        numberVideoPacketsReceived:I numberVideoOctetsReceived:I numberVideoPacketsLost:I videoAverageJitter:I
        videoRoundTripTime:I videoOneWayDelay:I videoReceptionMetrics:600 videoTransmissionMetrics:600
        videoContentType_channel2:10 videoDuration_channel2:I numberVideoPacketsSent_channel2:I
        numberVideoOctetsSent_channel2:I numberVideoPacketsReceived_channel2:I numberVideoOctetsReceived_channel2:I
        numberVideoPacketsLost_channel2:I videoAverageJitter_channel2:I videoRoundTripTime_channel2:I
        videoOneWayDelay_channel2:I videoReceptionMetrics_channel2:600 videoTransmissionMetrics_channel2:600
    """,
    "12.5": """
        localSessionID:128 remoteSessionID:128 headsetSN:129 headsetMetrics:1024
    """,
}

VERSIONS = ("7.0", "7.1", "8.0", "8.5", "8.6", "9.0", "9.1", "10.0", "10.5", "11.0", "11.5", "12.0", "12.5", "14", "15")
"""The UCM versions whose layouts are known, oldest first; 12.5 stands for 12.5(1)SU1 and later."""


def _release(version: str) -> tuple[int, int]:
    major, _, minor = version.partition(".")
    return int(major), int(minor or 0)


def _column(word: str, since: str) -> Column:
    name, _, code = word.partition(":")
    return Column(name, {"I": "INTEGER", "U": "UNIQUEIDENTIFIER"}.get(code, f"VARCHAR({code})"), since)


def _up_to(version: str, blocks: dict[str, str]) -> tuple[Column, ...]:
    if version not in VERSIONS:
        raise ValueError(f"unknown UCM version {version!r}; known are {', '.join(VERSIONS)}")
    return tuple(
        _column(word, since)
        for since, words in blocks.items()
        if _release(since) <= _release(version)
        for word in words.split()
    )


@cache
def cdr_columns(version: str) -> tuple[Column, ...]:
    """Return the CDR columns of a version in file order (78 to 133); ValueError for a version that is not known."""
    return _up_to(version, _CDR)


@cache
def cmr_columns(version: str) -> tuple[Column, ...]:
    """Return the CMR columns of a version in file order (19, 44 or 48); ValueError for a version that is not known."""
    return _up_to(version, _CMR)
