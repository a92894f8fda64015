"""The applications and their menus as data; pages are named by url name, so nothing is imported."""

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from callanalytics.web.permissions import Permission, Reader, administrators, everyone


@dataclass(frozen=True, slots=True)
class MenuItem:
    """One page in an application's menu."""

    label: str | Promise
    icon: str
    url_name: str
    permission: Permission = everyone
    covers: tuple[str, ...] = ()
    """Further url names for which this item is shown as the current one."""


@dataclass(frozen=True, slots=True)
class Application:
    """One tile of the main menu."""

    name: str | Promise
    description: str | Promise
    icon: str
    url_name: str
    permission: Permission = everyone
    menu: tuple[MenuItem, ...] = ()


MAIN_MENU = "menu"

APPLICATIONS = (
    Application(
        _("Call Analytics"),
        _("Your calls, what they cost and how well they were answered."),
        "phone-call",
        "home",
        menu=(
            MenuItem(_("Home"), "house", "home"),
            MenuItem(_("Calls"), "list", "calls", covers=("call",)),
            MenuItem(_("Collection"), "activity", "status", administrators),
        ),
    ),
    Application(
        _("Collection status"),
        _("Whether every phone system delivers its call records, and how quickly."),
        "activity",
        "status",
        administrators,
    ),
    Application(
        _("Set-up"),
        _("People, lines, number plans, tariffs and every other setting."),
        "settings-2",
        "admin:index",
        administrators,
    ),
)


def applications_of(reader: Reader) -> list[Application]:
    """Return the applications that this person may use."""
    return [application for application in APPLICATIONS if application.permission(reader)]


def menu_at(reader: Reader, url_name: str) -> tuple[Application | None, list[MenuItem], MenuItem | None]:
    """Return the application that owns a page, its menu for this person, and the current item.

    Pages that belong to no application, such as the profile, keep the first one's menu; the main menu has none.
    """
    if url_name == MAIN_MENU:
        return None, [], None
    owners = [application for application in applications_of(reader) if application.menu]
    for application in owners:
        items = _allowed(application, reader)
        for item in items:
            if url_name == item.url_name or url_name in item.covers:
                return application, items, item
    return owners[0], _allowed(owners[0], reader), None


def _allowed(application: Application, reader: Reader) -> list[MenuItem]:
    return [item for item in application.menu if item.permission(reader)]
