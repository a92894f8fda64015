"""The engine "AXL": exchanges a line's calling search space for that of locked lines, and puts it back exactly."""

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from phonelock.engines.axl_client import NOT_FOUND, AxlClient, Css, SeenLine, dirn_of, label_of, set_label
from phonelock.engines.base import EngineFault, LineWork
from phonelock.engines.soap import SoapFault
from phonelock.models.engines import Former, is_exchanged


class AxlEngine:
    """Bars the lines of one partition; lines that were barred under an older set-up are given back under that."""

    def __init__(self, client: AxlClient, partition: str, locked_css: str) -> None:
        """Take the connection, and what the set-up names; without a calling search space nothing is locked."""
        self.client, self.partition, self.locked_css = client, partition, locked_css

    def close(self) -> None:
        """Hang up."""
        self.client.close()

    def lock(self, line: LineWork) -> None:
        """Give the line the calling search space of locked lines, and read it back.

        What it had is kept before anything is written. It is written also where it is there already: an earlier
        order that was cut off may still come into force.
        """
        if not self.locked_css:
            raise EngineFault(_("No calling search space of locked lines is entered."), concerns_all=True)
        if is_exchanged(line.former) and line.former["partition"] != self.partition:
            self.release(line)
            self.hide(line)
        seen = self.client.line(line.number, self.partition)
        line.former = self.remembered(line.former, seen.css)
        line.keep(line.former)
        self.write(line.number, self.partition, Css(self.locked_css))
        after = self.client.line(line.number, self.partition).css
        if after.name.casefold() != self.locked_css.casefold():
            raise EngineFault(
                _("The phone system has not taken over the calling search space %(name)s.") % {"name": self.locked_css}
            )

    def release(self, line: LineWork) -> bool:
        """Put back what the line had, and read it back; False when somebody has given it another one meanwhile."""
        former = line.former
        if not is_exchanged(former):
            return True
        seen = self.seen_or_gone(line.number, former["partition"])
        ours = seen is not None and seen.css.name.casefold() in former["ours"]
        if ours:
            self.put_back(line)
        elif seen is not None:
            # Written, but perhaps not applied before we were cut off.
            self.client.apply_line(line.number, former["partition"])
        line.former = {**former, "back": True}
        line.keep(line.former)
        return ours or (seen is not None and seen.css == css_of(former))

    def put_back(self, line: LineWork) -> None:
        """Write what the line had; raises EngineFault where it is not known or was not taken over."""
        former = line.former
        if "css" not in former:
            text = _(
                "The line was barred before it was locked here, so what it had is not known: "
                "give it the right calling search space on the phone system."
            )
            raise EngineFault(text)
        line.keep(former)
        self.write(line.number, former["partition"], css_of(former))
        after = self.client.line(line.number, former["partition"]).css
        if after.name.casefold() in former["ours"]:
            raise EngineFault(_("The phone system has not given the line its calling search space back."))

    def write(self, number: str, partition: str, css: Css) -> None:
        """Change the line's calling search space, and let its phones know."""
        self.client.set_css(number, partition, css)
        self.client.apply_line(number, partition)

    def seen_or_gone(self, number: str, partition: str) -> SeenLine | None:
        """Return the line, None when there is none any more."""
        try:
            return self.client.line(number, partition)
        except SoapFault as fault:
            if fault.code == NOT_FOUND:
                return None
            raise

    def remembered(self, former: Former, seen: Css) -> Former:
        """Return what is kept of a line that has this calling search space before it is locked."""
        ours = {*former.get("ours", []), self.locked_css.casefold()}
        kept: dict[str, Any] = {"partition": self.partition, "schema": self.client.schema, "ours": sorted(ours)}
        kept |= {name: former[name] for name in ("labels", "text") if name in former}
        if seen.name.casefold() not in ours:
            kept["css"] = {"name": seen.name, "uuid": seen.uuid}
        elif "css" in former and former["partition"] == self.partition:
            kept["css"] = former["css"]
        return kept

    def show(self, line: LineWork, text: str) -> None:
        """Write a text beside the line on each of its phones; what stood there is kept first."""
        for device in self.client.line(line.number, self.partition).devices:
            lines = self.client.phone_lines(device)
            mine = [one for one in lines if dirn_of(one) == (line.number, self.partition)]
            if not mine or all(label_of(one) == text for one in mine):
                continue
            labels = dict(line.former.get("labels", {}))
            labels.setdefault(device, {one.findtext("index") or "": label_of(one) for one in mine})
            line.former = {**line.former, "labels": labels, "text": text}
            line.keep(line.former)
            for one in mine:
                set_label(one, text)
            self.client.set_phone_lines(device, lines)

    def hide(self, line: LineWork) -> None:
        """Give each phone its own text back, where it still shows the one of the lock."""
        for device, labels in line.former.get("labels", {}).items():
            self.give_label_back(line, device, labels)
        line.former = {name: value for name, value in line.former.items() if name not in {"labels", "text"}}
        line.keep(line.former)

    def give_label_back(self, line: LineWork, device: str, labels: dict[str, str]) -> None:
        """Give one phone its own text back; a phone that is gone needs none."""
        try:
            lines = self.client.phone_lines(device)
        except SoapFault as fault:
            if fault.code == NOT_FOUND:
                return
            raise
        here = (line.number, line.former["partition"])
        mine = [one for one in lines if dirn_of(one) == here and label_of(one) == line.former["text"]]
        for one in mine:
            set_label(one, labels.get(one.findtext("index") or "", ""))
        if mine:
            line.keep(line.former)
            self.client.set_phone_lines(device, lines)

    def locked_numbers(self) -> Iterator[str]:
        """Yield the numbers of the partition that have the calling search space of locked lines."""
        wanted = self.locked_css.casefold()
        return (number for number, css in self.client.lines(self.partition) if css.casefold() == wanted)


def css_of(former: Former) -> Css:
    """Return the calling search space that a line had."""
    return Css(former["css"]["name"], former["css"]["uuid"]) if "css" in former else Css()
