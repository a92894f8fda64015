"""Binds the parts of a long PDF into one tagged file while they are made, in the memory of one part.

WeasyPrint keeps everything that it has laid out, so long reports are laid out in parts. Each part's objects are written
here under numbers of their own; pages, tags and bookmarks of all parts are joined at the end.
"""

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise, zip_longest
from typing import IO, Any

import pydyf

PAGES, CATALOG = 1, 2
"""Numbers of the two objects that every file of pydyf has."""
TOGETHER = 200
"""Objects that are compressed together."""
REFERENCE = re.compile(rb"\b(\d+) 0 R\b")
ENTRY = 8
"""Bytes of an entry of the table of objects: its kind, five of place, two of order."""


@dataclass(slots=True)
class Bookmark:
    """One entry of the outline."""

    label: str
    level: int
    page: bytes
    height: float


@dataclass(slots=True)
class Binding:
    """The file: what is written already, and what waits for the end."""

    out: IO[bytes]
    position: int = 0
    numbers: int = 0
    """Objects so far, the unused object 0 among them."""
    entries: bytearray = field(default_factory=bytearray)
    waiting: list[tuple[int, bytes]] = field(default_factory=list)
    pages: list[bytes] = field(default_factory=list)
    content: list[bytes] = field(default_factory=list)
    """Of each page, where its tags by number of content stand."""
    elements: list[bytes] = field(default_factory=list)
    """The outermost tags, in the order of reading."""
    bookmarks: list[Bookmark] = field(default_factory=list)
    first: Any = None
    """The first part's objects that end the file: catalogue, description, root of the tags."""

    def add(self, document: Any) -> None:
        """Write a laid out part (weasyprint's Document) behind the others."""
        if not self.numbers:
            self.write(b"%PDF-1.7\n%\xf0\x9f\x96\xa4\n")
        document.write_pdf(_Nowhere(), finisher=self.take, pdf_variant="pdf/ua-1")

    def take(self, document: Any, pdf: Any) -> None:
        """Write the objects of a part, and keep of it what is joined at the end."""
        part = _Part(pdf, self.numbers)
        self.numbers += len(pdf.objects)
        if self.first is None:
            self.first = part
        else:
            part.belongs_to(self.first)
        part.unfold_rows(list(blocks_of(document)))
        self.numbers = part.offset + len(pdf.objects)
        for page in part.pages:
            page["StructParents"] = len(self.pages)
            self.pages.append(part.reference(page))
        for content in part.tags_of_pages():
            self.content.append(self.new(part.renumbered(content.data)))
        self.elements += [part.renumbered(kid) for kid in part.outermost["K"]]
        self.bookmarks += self.marked(document, len(part.pages))
        for written in part.own_objects():
            self.put(part.offset + written.number, part.data(written), alone=isinstance(written, pydyf.Stream))
        # What is written here need not be written by pydyf.
        del pdf.objects[CATALOG + 1 :]

    def marked(self, document: Any, pages: int) -> Iterator[Bookmark]:
        """Yield the bookmarks of the part whose pages were added last."""
        here = self.pages[-pages:]

        def along(tree: Any, level: int) -> Iterator[Bookmark]:
            for label, (page, _x, y), children, _state in tree:
                yield Bookmark(label, level, here[page], y)
                yield from along(children, level + 1)

        # The first part begins with the name of the report, under which everything else stands.
        return along(document.make_bookmark_tree(0.75, transform_pages=True), 2 if self.bookmarks else 1)

    def close(self) -> None:
        """Write what joins the parts, and the table of objects."""
        first = self.first
        first.pdf.pages["Kids"] = pydyf.Array(self.pages)
        first.pdf.pages["Count"] = len(self.pages)
        numbered = [item for place, content in enumerate(self.content) for item in (place, content)]
        first.content["Nums"] = pydyf.Array(numbered)
        first.root["ParentTreeNextKey"] = len(self.pages)
        first.outermost["K"] = pydyf.Array(self.elements)
        first.pdf.catalog.pop("Outlines", None)
        if self.bookmarks:
            first.pdf.catalog["Outlines"] = self.outline()
        for joined in (first.pdf.pages, first.content, first.root, first.outermost, first.pdf.catalog):
            self.put(joined.number, joined.data)
        description = self.new(first.pdf.info.data)
        self.flush()
        self.end(description)

    def outline(self) -> bytes:
        """Write the bookmarks; return where they begin."""
        root = self.take_number()
        numbers = [self.take_number() for _bookmark in self.bookmarks]
        kids: dict[int, list[int]] = {}
        path: list[tuple[int, int]] = [(0, root)]
        parents = []
        for bookmark, number in zip(self.bookmarks, numbers, strict=True):
            while path[-1][0] >= bookmark.level:
                path.pop()
            parents.append(path[-1][1])
            kids.setdefault(path[-1][1], []).append(number)
            path.append((bookmark.level, number))
        beside = {one: {"Next": two} for family in kids.values() for one, two in pairwise(family)}
        for family in kids.values():
            for one, two in pairwise(family):
                beside.setdefault(two, {})["Prev"] = one
        for bookmark, number, parent in zip(self.bookmarks, numbers, parents, strict=True):
            entry = pydyf.Dictionary({"Title": pydyf.String(bookmark.label), "Parent": reference(parent)})
            entry["Dest"] = pydyf.Array([bookmark.page, "/XYZ", 0, bookmark.height, 0])
            entry.update({key: reference(one) for key, one in beside.get(number, {}).items()})
            self.put(number, with_kids(entry, kids.get(number), closed=True))
        self.put(root, with_kids(pydyf.Dictionary({"Type": "/Outlines"}), kids[root], closed=False))
        return reference(root)

    def take_number(self) -> int:
        """Return the number of a new object."""
        self.numbers += 1
        return self.numbers - 1

    def new(self, data: bytes) -> bytes:
        """Write one more object; return its reference."""
        number = self.take_number()
        self.put(number, data)
        return reference(number)

    def put(self, number: int, data: bytes, *, alone: bool = False) -> None:
        """Write an object; small ones wait for others with which they are compressed."""
        if alone:
            self.enter(number, 1, self.position, 0)
            self.write(b"%d 0 obj\n%b\nendobj\n" % (number, data))
            return
        self.waiting.append((number, data))
        if len(self.waiting) == TOGETHER:
            self.flush()

    def flush(self) -> None:
        """Write the waiting objects."""
        if not self.waiting:
            return
        holder, places, place = self.take_number(), [], 0
        for order, (number, data) in enumerate(self.waiting):
            self.enter(number, 2, holder, order)
            places.append(b"%d %d" % (number, place))
            place += len(data) + 1
        head = b" ".join(places) + b"\n"
        packed = zlib.compress(head + b"\n".join(data for _number, data in self.waiting))
        extra = b"/Type /ObjStm /N %d /First %d" % (len(self.waiting), len(head))
        self.waiting.clear()
        self.put(holder, stream(extra, packed), alone=True)

    def end(self, description: bytes) -> None:
        """Write the table of objects, which is the last of them."""
        number, begin = self.take_number(), self.position
        self.enter(number, 1, begin, 0)
        self.entries.extend(bytes(ENTRY * self.numbers - len(self.entries)))
        extra = b"/Type /XRef /W [1 5 2] /Size %d /Root %b /Info %b" % (self.numbers, reference(CATALOG), description)
        self.write(b"%d 0 obj\n%b\nendobj\n" % (number, stream(extra, zlib.compress(bytes(self.entries)))))
        self.write(b"startxref\n%d\n%%%%EOF\n" % begin)

    def enter(self, number: int, kind: int, place: int, order: int) -> None:
        """Enter where an object stands."""
        missing = ENTRY * (number + 1) - len(self.entries)
        if missing > 0:
            self.entries.extend(bytes(missing))
        entry = bytes([kind]) + place.to_bytes(5, "big") + order.to_bytes(2, "big")
        self.entries[ENTRY * number : ENTRY * (number + 1)] = entry

    def write(self, data: bytes) -> None:
        """Write and count bytes."""
        self.out.write(data)
        self.position += len(data)


class _Part:
    """One part as pydyf has it, and the numbers that its objects get in the whole."""

    def __init__(self, pdf: Any, offset: int) -> None:
        self.pdf, self.offset = pdf, offset
        self.numbers: dict[int, int] = {}
        """Numbers that do not follow from the offset: objects of the first part that stand for one of this part."""
        self.dropped: set[int] = {0, PAGES, CATALOG}
        self.root = self.at(pdf.catalog["StructTreeRoot"])
        self.content = self.at(self.root["ParentTree"])
        self.outermost = self.at(self.root["K"][0])
        self.dropped |= {self.root.number, self.content.number, self.outermost.number}
        self.pages = [self.at(b"%d 0 R" % number) for number in pdf.pages["Kids"][::3]]

    def at(self, written: bytes) -> Any:
        """Return the object of a reference."""
        return self.pdf.objects[int(written.split()[0])]

    def belongs_to(self, first: "_Part") -> None:
        """Let the first part's pages, catalogue and root of tags stand for those of this part."""
        self.numbers = {
            PAGES: PAGES,
            CATALOG: CATALOG,
            self.root.number: first.root.number,
            self.outermost.number: first.outermost.number,
        }
        metadata = self.pdf.catalog.get("Metadata")
        if metadata:
            self.dropped.add(self.at(metadata).number)

    def tags_of_pages(self) -> list[Any]:
        """Return the tags of each page by number of content."""
        return list(self.content["Nums"][1::2])

    def own_objects(self) -> Iterator[Any]:
        """Yield the objects that are written with this part."""
        return (one for one in self.pdf.objects if one.number not in self.dropped)

    def reference(self, one: Any) -> bytes:
        """Return the reference of an object in the whole."""
        return reference(self.numbers.get(one.number, self.offset + one.number))

    def renumbered(self, data: bytes) -> bytes:
        """Return data with the references of the whole."""
        if not self.offset:
            return data

        def moved(match: re.Match[bytes]) -> bytes:
            number = int(match[1])
            return reference(self.numbers.get(number, self.offset + number))

        return REFERENCE.sub(moved, data)

    def data(self, one: Any) -> bytes:
        """Return an object as it is written; what a stream holds has no references."""
        data: bytes = one.data
        if not isinstance(one, pydyf.Stream):
            return self.renumbered(data)
        head, mark, body = data.partition(b"\nstream\n")
        return self.renumbered(head) + mark + body

    def unfold_rows(self, blocks: list["LinesOfCells"]) -> None:
        """Tag each line of a block of rows as the row that it is; the headers say what they head."""
        elements = [one for one in self.pdf.objects if isinstance(one, dict) and one.get("Type") == "/StructElem"]
        for header in [one for one in elements if one["S"] == "/TH"]:
            header["A"]["Scope"] = "/Column"
            header.pop("ID", None)  # unique in its part only, and no cell names it
        laid_out = iter(blocks)
        for body in [one for one in elements if one["S"] == "/TBody"]:
            rows = [row for block in body["K"] for row in self.rows_of(self.at(block), body, next(laid_out))]
            body["K"] = pydyf.Array(rows)

    def rows_of(self, block: Any, body: Any, lines: "LinesOfCells") -> Iterator[bytes]:
        """Yield the rows of a block, whose cells hold a line for each row, tagged where it is not empty."""
        cells = [self.at(cell) for cell in block["K"]]
        self.dropped |= {block.number, *(cell.number for cell in cells)}
        tagged = [iter(cell["K"]) for cell in cells]
        for filled in zip_longest(*lines, fillvalue=False):
            row = pydyf.Dictionary({"Type": "/StructElem", "S": "/TR", "Pg": block["Pg"], "P": body.reference})
            self.pdf.add_object(row)
            row["K"] = pydyf.Array()
            for cell, texts, has_text in zip(cells, tagged, filled, strict=True):
                line = self.at(next(texts)) if has_text else self.nothing(block["Pg"])
                line["S"], line["P"] = cell["S"], row.reference
                line["A"] = HEADS_ROW if cell["S"] == "/TH" else IN_TABLE
                row["K"].append(line.reference)
            yield row.reference

    def nothing(self, page: Any) -> Any:
        """Return the tag of an empty cell."""
        empty = pydyf.Dictionary({"Type": "/StructElem", "K": pydyf.Array(), "Pg": page})
        self.pdf.add_object(empty)
        return empty


LinesOfCells = list[list[bool]]
"""Of each cell of a block on one page, which of its lines have a text."""


def blocks_of(document: Any) -> Iterator[LinesOfCells]:
    """Yield the blocks of rows of a laid out part, page by page."""
    # The library needs others that a portal may lack.
    from weasyprint.formatting_structure.boxes import LineBox, TableRowBox, TableRowGroupBox  # noqa: PLC0415

    for page in document.pages:
        for group in page._page_box.descendants():  # noqa: SLF001  (nothing else tells of lines)
            if isinstance(group, TableRowGroupBox) and group.element_tag == "tbody":
                for row in group.children:
                    if isinstance(row, TableRowBox):
                        yield [
                            [bool(line.children) for line in cell.descendants() if isinstance(line, LineBox)]
                            for cell in row.children
                        ]


IN_TABLE = pydyf.Dictionary({"O": "/Table"})
HEADS_ROW = pydyf.Dictionary({"O": "/Table", "Scope": "/Row"})


class _Nowhere:
    """Takes what nobody reads."""

    def write(self, data: bytes) -> None:
        """Forget it."""


def reference(number: int) -> bytes:
    """Return the reference of an object."""
    return b"%d 0 R" % number


def stream(extra: bytes, packed: bytes) -> bytes:
    """Return a compressed stream."""
    return b"<< %b /Filter /FlateDecode /Length %d >>\nstream\n%b\nendstream" % (extra, len(packed), packed)


def with_kids(entry: Any, kids: list[int] | None, *, closed: bool) -> bytes:
    """Return an entry of the outline with the entries below it, folded when closed."""
    if kids:
        entry["First"], entry["Last"] = reference(kids[0]), reference(kids[-1])
        entry["Count"] = -len(kids) if closed else len(kids)
    data: bytes = entry.data
    return data
