"""AXL of the simulated publisher: the operations that Phone Lock needs, checked as strictly as UCM checks them."""

from collections.abc import Callable
from xml.sax.saxutils import escape, quoteattr

from lxml import etree
from lxml.etree import _Element as Element

from phonelock.simulator.cluster import Cluster, Content, Line
from phonelock.simulator.schema import InvalidRequestError, check

ENVELOPE = '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>%s</soapenv:Body></soapenv:Envelope>'
NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
NOT_VALID = 5007


class AxlError(Exception):
    """What AXL answers instead of doing what was asked."""

    def __init__(self, text: str, code: int = NOT_VALID) -> None:
        """Take AXL's words and its code."""
        super().__init__(text)
        self.code = code


class Axl:
    """Answers requests; changes the cluster's content."""

    def __init__(self, cluster: Cluster) -> None:
        """Take the cluster; `most_rows` is how many rows a list may have."""
        self.cluster, self.most_rows = cluster, 100_000
        self.done: list[str] = []
        """The operations that were asked for, in order."""
        self.operations: dict[str, Callable[[Content, Element], str]] = {
            "getCCMVersion": version, "getLine": self.get_line, "updateLine": update_line, "applyLine": apply_line,
            "listLine": self.list_line, "listCss": list_css, "getPhone": get_phone, "updatePhone": update_phone,
            "applyPhone": apply_phone,
        }  # fmt: skip

    def answer(self, request: Element) -> tuple[int, str]:
        """Return status and document for a request."""
        operation = etree.QName(request).localname
        namespace = etree.QName(request).namespace
        self.done.append(operation)
        try:
            check(request)
            with self.cluster.changing(changes=operation.startswith(("update", "apply"))) as content:
                told = self.operations[operation](content, request)
        except InvalidRequestError as error:
            return 500, fault(-1, f"cvc-complex-type.2.4.a: {error}", operation)
        except AxlError as error:
            return 500, fault(error.code, str(error), operation)
        return (
            200,
            ENVELOPE
            % (
                f"<ns:{operation}Response xmlns:ns={quoteattr(namespace)}><return>{told}</return>"
                f"</ns:{operation}Response>"
            ),
        )

    def get_line(self, content: Content, request: Element) -> str:
        """Return a line with its phones."""
        pattern, partition, line = line_in(content, request)
        devices = "".join(f"<device>{name}</device>" for name in self.cluster.phones_of(pattern, partition))
        inner = f"{written(content, pattern, partition, line)}<associatedDevices>{devices}</associatedDevices>"
        return f"<line>{inner}</line>"

    def list_line(self, content: Content, request: Element) -> str:
        """Return a page of lines; refuses pages with more rows than it may have."""
        wanted = request.findtext("searchCriteria/routePartitionName")
        skip, first = int(request.findtext("skip") or 0), int(request.findtext("first") or 10**9)
        keys = [key.rpartition("/")[::2] for key in content.lines]
        keys = [(partition, pattern) for partition, pattern in keys if wanted in (None, partition)]
        page = keys[skip : skip + first]
        if len(page) > self.most_rows:
            raise AxlError(
                f"Query request too large. Total rows matched: {len(keys)} rows. "
                f"Suggestive Row Fetch: less than {self.most_rows} rows", -1,
            )  # fmt: skip
        rows = (written(content, pattern, part, content.lines[f"{part}/{pattern}"]) for part, pattern in page)
        return "".join(f"<line>{row}</line>" for row in rows)


def fault(code: int, text: str, operation: str) -> str:
    """Return a fault as AXL writes it."""
    words = escape(text)
    return ENVELOPE % (
        f"<soapenv:Fault><faultcode>soapenv:Server</faultcode><faultstring>{words}</faultstring><detail><axlError>"
        f"<axlcode>{code}</axlcode><axlmessage>{words}</axlmessage><request>{operation}</request>"
        "</axlError></detail></soapenv:Fault>"
    )


def version(_content: Content, _request: Element) -> str:
    """Return the version of the cluster."""
    return "<componentVersion><version>15.0.1.11900-23</version></componentVersion>"


def line_in(content: Content, request: Element) -> tuple[str, str, Line]:
    """Return the line that a request names; raises AxlError when there is none."""
    pattern, partition = request.findtext("pattern") or "", request.findtext("routePartitionName") or ""
    line = content.lines.get(f"{partition}/{pattern}")
    if line is None:
        raise AxlError("Item not valid: The specified Line was not found")
    return pattern, partition, line


def written(content: Content, pattern: str, partition: str, line: Line) -> str:
    """Return a line's elements; what is not set is an empty element."""
    css = content.css.get(line.css)
    key = css.uuid if css else ""
    return (
        f'<pattern>{escape(pattern)}</pattern><routePartitionName uuid="">{escape(partition)}</routePartitionName>'
        f'<shareLineAppearanceCssName uuid="{key}">{escape(line.css)}</shareLineAppearanceCssName>'
    )


def update_line(content: Content, request: Element) -> str:
    """Change the calling search space of a line, or take it away; an element left out changes nothing."""
    _pattern, _partition, line = line_in(content, request)
    wanted = request.find("shareLineAppearanceCssName")
    if wanted is not None:
        line.css = css_named(content, wanted)
    return "{00000000-0000-0000-0000-000000000000}"


def css_named(content: Content, wanted: Element) -> str:
    """Return the calling search space that an element names by name or key, '' for none; raises AxlError."""
    name, key = wanted.text or "", wanted.get("uuid", "")
    if wanted.get(NIL) == "true":
        return ""
    for known, css in content.css.items():
        if (name and known.casefold() == name.casefold()) or (key and css.uuid == key):
            return known
    raise AxlError(f"Item not valid: The specified {name or key} was not found")


def apply_line(content: Content, request: Element) -> str:
    """Let the phones of a line use what it has."""
    _pattern, _partition, line = line_in(content, request)
    line.applied_css = line.css
    return "{00000000-0000-0000-0000-000000000000}"


def list_css(content: Content, request: Element) -> str:
    """Return the calling search spaces of a name."""
    wanted = request.findtext("searchCriteria/name") or ""
    found = (name for name in content.css if wanted in ("%", "") or name.casefold() == wanted.casefold())
    return "".join(f"<css><name>{escape(name)}</name></css>" for name in found)


def get_phone(content: Content, request: Element) -> str:
    """Return a phone with its lines, as far as they are simulated."""
    name = request.findtext("name") or ""
    if name not in content.phones:
        raise AxlError("Item not valid: The specified Phone was not found")
    lines = "".join(phone_line(line) for line in content.phones[name].lines)
    return f"<phone><name>{name}</name><lines>{lines}</lines></phone>"


def phone_line(line: dict[str, str]) -> str:
    """Return one line of a phone."""
    dirn = (
        f'<dirn uuid="{{1}}"><pattern>{escape(line["pattern"])}</pattern>'
        f'<routePartitionName uuid="">{escape(line["routePartitionName"])}</routePartitionName></dirn>'
    )
    before = "".join(f"<{name}>{escape(line[name])}</{name}>" for name in ("index", "label", "display"))
    after = f"<e164Mask>{line['e164Mask']}</e164Mask><dialPlanWizardId/>" if line.get("e164Mask") else ""
    counts = "".join(f"<{name}>{line[name]}</{name}>" for name in ("maxNumCalls", "busyTrigger"))
    return f'<line uuid="{{2}}">{before}{dirn}{after}{counts}<recordingProfileName uuid=""/></line>'


def update_phone(content: Content, request: Element) -> str:
    """Replace the lines of a phone: lines and settings that were left out are gone."""
    name = request.findtext("name") or ""
    if name not in content.phones:
        raise AxlError("Item not valid: The specified Phone was not found")
    lines = [sent_line(line) for line in request.iterfind("lines/line")]
    if lines:
        content.phones[name].lines = lines
    return "{00000000-0000-0000-0000-000000000000}"


def sent_line(line: Element) -> dict[str, str]:
    """Return a phone's line as it was sent, with defaults for what was not."""
    told = {"label": "", "display": "", "maxNumCalls": "4", "busyTrigger": "2"}
    told |= {child.tag: child.text or "" for child in line if not len(child)}
    dirn = {"pattern": "", "routePartitionName": ""} | {one.tag: one.text or "" for one in line.iterfind("dirn/*")}
    return told | dirn


def apply_phone(content: Content, request: Element) -> str:
    """Let a phone take over what was changed."""
    if (request.findtext("name") or "") not in content.phones:
        raise AxlError("Item not valid: The specified Phone was not found")
    return "{00000000-0000-0000-0000-000000000000}"
