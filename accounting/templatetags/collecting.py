"""Template tags of the collection status: traffic lights and reasons in words."""

from django import template
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from accounting.models import ImportFile, RejectedRow
from accounting.services.replaying import RejectedGroup
from accounting.services.watching import Light, SystemState
from accounting.sources.base import REASONS
from callanalytics.templatetags.ui import icon

register = template.Library()

LIGHTS = {
    Light.GREEN: ("circle-check", _("Working")),
    Light.YELLOW: ("triangle-alert", _("Needs attention")),
    Light.RED: ("octagon-alert", _("Not working")),
    Light.OFF: ("ban", _("Switched off")),
}


@register.simple_tag
def traffic_light(state: SystemState) -> SafeString:
    """Return the light with its sign and words, never colour alone."""
    sign, words = LIGHTS[state.light]
    return format_html('<span class="light light-{}">{} {}</span>', state.light.value, icon(sign), words)


@register.filter
def reason_in_words(found: ImportFile | RejectedRow | RejectedGroup) -> str | Promise:
    """Return why a file or rows could not be taken; the recorded text for codes without words."""
    return REASONS.get(found.reason_code) or getattr(found, "reason", "") or found.reason_code
