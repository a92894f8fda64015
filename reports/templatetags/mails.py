"""Looks of mails: mail programs know no style sheets, so each element carries its own style."""

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString

register = template.Library()

INK, QUIET, LINE, ACCENT, SOFT = "#12211f", "#40514f", "#e0e6e5", "#0b5965", "#e3f1f3"
FONT = "font-family:'Segoe UI','Noto Sans','Noto Sans Arabic',Roboto,Helvetica,Arial,sans-serif;"
STYLES = {
    "canvas": f"margin:0;padding:0;background:#f5f7f6;{FONT}color:{INK};",
    "sheet": f"width:100%;max-width:640px;background:#ffffff;border:1px solid {LINE};",
    "band": f"padding:14px 24px;background:{ACCENT};color:#ffffff;{FONT}font-size:15px;font-weight:600;",
    "body": "padding:24px;",
    "h1": f"margin:0 0 4px;{FONT}font-size:22px;line-height:1.3;font-weight:600;color:{INK};",
    "h2": f"margin:24px 0 8px;{FONT}font-size:15px;line-height:1.4;font-weight:600;color:{INK};",
    "text": f"margin:0 0 12px;{FONT}font-size:15px;line-height:1.5;color:{INK};",
    "quiet": f"margin:0 0 16px;{FONT}font-size:14px;line-height:1.5;color:{QUIET};",
    "tile": f"padding:10px 12px;background:{SOFT};border:4px solid #ffffff;{FONT}vertical-align:top;",
    "tile-label": f"font-size:12px;line-height:1.4;color:{QUIET};",
    "tile-figure": f"font-size:20px;line-height:1.4;font-weight:600;color:{INK};",
    "picture": "display:block;width:100%;max-width:592px;height:auto;border:0;",
    "grid": f"width:100%;border-collapse:collapse;{FONT}font-size:13px;line-height:1.4;color:{INK};",
    "head": f"padding:6px 6px;border-bottom:2px solid {ACCENT};vertical-align:bottom;font-weight:600;",
    "cell": f"padding:6px 6px;border-bottom:1px solid {LINE};vertical-align:top;",
    "name": f"padding:6px 6px;border-bottom:1px solid {LINE};vertical-align:top;font-weight:400;",
    "link": f"color:{ACCENT};text-decoration:underline;",
    "total": f"padding:6px 6px;border-top:2px solid {ACCENT};vertical-align:top;font-weight:600;",
    "button": f"display:inline-block;padding:10px 18px;background:{ACCENT};color:#ffffff;{FONT}font-size:15px;"
    "font-weight:600;text-decoration:none;border-radius:6px;",
    "fact": f"padding:2px 0;{FONT}font-size:13px;line-height:1.5;color:{QUIET};vertical-align:top;",
    "foot": f"padding:16px 24px;border-top:1px solid {LINE};{FONT}font-size:12px;line-height:1.5;color:{QUIET};",
    "after-grid": f"margin:8px 0 16px;{FONT}font-size:14px;line-height:1.5;color:{QUIET};",
    "unseen": "display:none;max-height:0;overflow:hidden;",
    "envelope": f"width:100%;border-collapse:collapse;margin:0 0 12px;background:#ffffff;{FONT}font-size:13px;",
    "envelope-label": f"width:110px;padding:5px 12px;border-bottom:1px solid {LINE};color:{QUIET};font-weight:400;",
    "envelope-cell": f"padding:5px 12px;border-bottom:1px solid {LINE};color:{INK};font-weight:600;",
}


ON_PHONES = ".page{padding:16px!important}.rows{font-size:12px!important}.rows th,.rows td{padding:5px 3px!important}"
"""For mail programs that do read style sheets, as those of phones mostly do."""


@register.simple_tag
def phone_looks() -> SafeString:
    """Return the style sheet that narrows a mail on phones."""
    return format_html("<style>@media (max-width:480px){{{}}}</style>", ON_PHONES)


@register.simple_tag
def look(name: str) -> SafeString:
    """Return the style attribute of an element of a mail."""
    return format_html('style="{}"', STYLES[name])
