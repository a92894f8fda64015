"""Template tags for calls: type, other party and cost, as every list shows them."""

from decimal import Decimal
from urllib.parse import urlencode

from babel.numbers import format_decimal, format_percent
from django import template
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from accounting.models import CallRecord, Pricing
from accounting.services.describing import RELEASED_BY, cause_in_words, q850, redirection_in_words, type_mark
from accounting.services.masking import ShownNumber
from accounting.services.naming import NamedCall
from callanalytics.templatetags.ui import icon, money, reader_locale

register = template.Library()

HIGHEST_Q850 = 127
MOS_SCALE = 100
"""CallRecord.mos counts hundredths."""

register.filter("cause_in_words", cause_in_words)
register.filter("redirection_in_words", redirection_in_words)


@register.simple_tag
def call_mark(record: CallRecord) -> SafeString:
    """Return the sign of direction and kind with its words."""
    mark = type_mark(record)
    return format_html(
        '<span class="call-mark"><span class="call-sign tone-{}">{}</span><span class="call-text">{}</span></span>',
        mark.tone,
        icon(mark.icon),
        mark.label,
    )


@register.simple_tag
def call_number(number: ShownNumber, mine: bool = False, key: str = "") -> SafeString | str:
    """Return a number in bold as a link to all calls with it, of the reader alone where asked (HOME-6)."""
    if not number.text:
        return format_html('<span class="quiet">{}</span>', _("Number withheld"))
    if number.private:
        return format_html('<span class="number-private"{}>{} {}</span>', identity_of(key), icon("lock"), number.text)
    query = {"number": number.key, "period": "all"} | ({"mine": "1"} if mine else {})
    # Digits stay on one line; names and addresses may be too long for that.
    name = " number-name" if any(sign.isalpha() for sign in number.text) else ""
    return format_html(
        '<a class="number{}"{} href="{}?{}"><bdi>{}</bdi></a>',
        name,
        identity_of(key),
        reverse("calls"),
        urlencode(query),
        number.text,
    )


def identity_of(key: str) -> SafeString | str:
    """Return the attribute by which a number keeps the focus when a list updates itself."""
    return format_html(' id="number-{}"', key) if key else ""


@register.simple_tag
def call_party(call: NamedCall, mine: bool = False) -> SafeString:
    """Return the other party of a call: number as a link, name or destination below."""
    below = call.other_name or call.destination
    link = call_number(call.number, mine, call.pk)
    if call.record.is_private and not call.number.private:
        link = format_html('{} <span class="badge-soft">{}</span>', link, _("Private"))
    return format_html('{}<span class="sub">{}</span>', link, below) if below else SafeString(link)


@register.simple_tag
def call_cost(record: CallRecord, decimals: int | None = None) -> SafeString | str:
    """Return the cost of a call, in a list with its decimals; a missing price is said, never shown as 0 (COST-3)."""
    if record.is_unpriced:
        return format_html('<span class="badge-soft badge-warn">{}</span>', _("No price yet"))
    if record.pricing == Pricing.NOT_CHARGEABLE or record.cost is None:
        return format_html(
            '<span class="quiet" title="{0}"><span aria-hidden="true">–</span>'
            '<span class="visually-hidden">{0}</span></span>',
            _("Not chargeable"),
        )
    return money(record.cost, record.currency, decimals)


@register.filter
def released_in_words(side: str) -> str:
    """Return who ended a call; '' when the phone system does not say."""
    return str(RELEASED_BY.get(side, ""))


@register.filter
def mos(record: CallRecord) -> str:
    """Return the mean opinion score with two decimals."""
    return format_decimal(Decimal(record.mos or 0) / MOS_SCALE, "0.00", locale=reader_locale())


@register.filter
def loss(record: CallRecord) -> str:
    """Return the share of lost packets."""
    return format_percent(Decimal(record.loss_permille or 0) / 1000, "0.0 %", locale=reader_locale())


@register.simple_tag
def cause_code(cause: int) -> SafeString | str:
    """Return the Q.850 code of a cause; causes of the phone system's own have none."""
    code = q850(cause)
    return format_html('<bdi class="quiet">Q.850&nbsp;{}</bdi>', code) if code <= HIGHEST_Q850 else ""
