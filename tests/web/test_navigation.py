"""The menu as data: every entry leads to a page and has an icon."""

import pytest
from django.urls import reverse
from lucide.templatetags.lucide import lucide

from callanalytics.navigation import APPLICATIONS, SET_UP_SECTIONS


@pytest.mark.parametrize(
    "entry",
    [
        *(item for one in APPLICATIONS for item in (one, *one.menu)),
        *(page for section in SET_UP_SECTIONS for page in section.pages),
    ],
    ids=lambda item: item.url_name,
)
def test_entries_lead_somewhere(entry: object) -> None:
    assert reverse(entry.url_name)  # type: ignore[attr-defined]
    assert lucide(entry.icon)  # type: ignore[attr-defined]
