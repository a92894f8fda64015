"""The order in which UCM's schema has the elements of the operations that are simulated; strict as UCM is."""

from typing import Any

from lxml import etree
from lxml.etree import _Element as Element

Shape = dict[str, Any]
LEAF: Shape = {}
ANY = None
"""An element whose content is not looked at."""

KEY: Shape = {"uuid": LEAF, "pattern": LEAF, "routePartitionName": LEAF}
LINE_TAGS: Shape = {
    "pattern": LEAF, "description": LEAF, "usage": LEAF, "routePartitionName": LEAF,
    "shareLineAppearanceCssName": LEAF, "associatedDevices": {"device": LEAF},
}  # fmt: skip
PHONE_LINE: Shape = {
    "index": LEAF, "label": LEAF, "display": LEAF, "dirn": {"pattern": LEAF, "routePartitionName": LEAF},
    "ringSetting": LEAF, "consecutiveRingSetting": LEAF, "ringSettingIdlePickupAlert": LEAF,
    "ringSettingActivePickupAlert": LEAF, "displayAscii": LEAF, "e164Mask": LEAF, "mwlPolicy": LEAF,
    "maxNumCalls": LEAF, "busyTrigger": LEAF, "callInfoDisplay": ANY, "recordingProfileName": LEAF,
    "monitoringCssName": LEAF, "recordingFlag": LEAF, "audibleMwi": LEAF, "speedDial": LEAF, "partitionUsage": LEAF,
    "associatedEndusers": ANY, "missedCallLogging": LEAF, "recordingMediaSource": LEAF,
}  # fmt: skip
SHAPES: dict[str, Shape] = {
    "getCCMVersion": {"processNodeName": LEAF},
    "getLine": {**KEY, "returnedTags": LINE_TAGS},
    "updateLine": {**KEY, "description": LEAF, "shareLineAppearanceCssName": LEAF, "externalCallControlProfile": LEAF},
    "applyLine": KEY,
    "listLine": {
        "searchCriteria": {"pattern": LEAF, "description": LEAF, "usage": LEAF, "routePartitionName": LEAF},
        "returnedTags": LINE_TAGS, "skip": LEAF, "first": LEAF,
    },
    "listCss": {
        "searchCriteria": {"description": LEAF, "name": LEAF},
        "returnedTags": {"description": LEAF, "name": LEAF}, "skip": LEAF, "first": LEAF,
    },
    "getPhone": {"name": LEAF, "uuid": LEAF, "returnedTags": ANY},
    "updatePhone": {"name": LEAF, "uuid": LEAF, "lines": {"line": PHONE_LINE}},
    "applyPhone": {"name": LEAF, "uuid": LEAF},
}  # fmt: skip
REQUIRED = {
    "listLine": ("searchCriteria", "returnedTags"), "listCss": ("searchCriteria", "returnedTags"),
    "line": ("index", "dirn"), "dirn": ("pattern", "routePartitionName"),
}  # fmt: skip
REPEATED = {"line", "device"}


class InvalidRequestError(Exception):
    """A request that UCM's schema does not allow; the text names the element."""


def check(request: Element) -> None:
    """Raise InvalidRequestError where a request differs from the schema: unknown elements, or another order."""
    operation = etree.QName(request).localname
    shape = SHAPES.get(operation)
    if shape is None:
        raise InvalidRequestError(f"no such operation: {operation}")
    check_children(request, operation, shape)


def check_children(element: Element, name: str, shape: Shape) -> None:
    """Check one level, and those below."""
    names = [child.tag for child in element]
    order = list(shape)
    for child in element:
        if child.tag not in shape:
            raise InvalidRequestError(f"{name}: unexpected element {child.tag}")
        inner = shape[child.tag]
        if inner:
            check_children(child, child.tag, inner)
        elif inner is not None and len(child):
            raise InvalidRequestError(f"{child.tag}: has children")
    if [order.index(one) for one in names] != sorted(order.index(one) for one in names):
        raise InvalidRequestError(f"{name}: elements in another order: {', '.join(names)}")
    twice = {one for one in names if names.count(one) > 1} - REPEATED
    missing = set(REQUIRED.get(name, ())) - set(names)
    if twice or missing:
        raise InvalidRequestError(f"{name}: too often {sorted(twice)}, missing {sorted(missing)}")
