"""The applications and their menus as data; pages are named by url name, so nothing is imported."""

from dataclasses import dataclass
from functools import cache

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from callanalytics.web.permissions import Permission, Reader, administrators, everyone, in_demo, overseers


@cache
def address_of(url_name: str) -> str:
    """Return the address of a page of the menu, of which every page names a dozen."""
    return reverse(url_name)


@dataclass(frozen=True, slots=True, eq=False)
class MenuItem:
    """One page in an application's menu."""

    label: str | Promise
    icon: str
    url_name: str
    permission: Permission = everyone
    covers: tuple[str, ...] = ()
    """Further url names for which this item is shown as the current one."""

    @property
    def address(self) -> str:
        """Where the page is."""
        return address_of(self.url_name)


@dataclass(frozen=True, slots=True, eq=False)
class Application:
    """One tile of the main menu."""

    name: str | Promise
    description: str | Promise
    icon: str
    url_name: str
    permission: Permission = everyone
    menu: tuple[MenuItem, ...] = ()

    @property
    def address(self) -> str:
        """Where its first page is."""
        return address_of(self.url_name)


ROW_PAGES = ("add", "change", "delete", "history")
"""The pages of one row of a table."""


@dataclass(frozen=True, slots=True, eq=False)
class SetUpPage:
    """One table or tool of the set-up."""

    label: str | Promise
    description: str | Promise
    icon: str
    url_name: str
    covers: tuple[str, ...] = ()
    """Further pages of the tool, by url name."""

    @property
    def owns(self) -> tuple[str, ...]:
        """All pages of the table or tool, by url name: also the forms of its rows."""
        table = self.url_name.removesuffix("_changelist")
        forms = () if table == self.url_name else tuple(f"{table}_{page}" for page in ROW_PAGES)
        return (self.url_name, *self.covers, *forms)


@dataclass(frozen=True, slots=True, eq=False)
class SetUpSection:
    """One chapter of the set-up: an item of its menu, and a page of cards."""

    slug: str
    label: str | Promise
    description: str | Promise
    icon: str
    pages: tuple[SetUpPage, ...]

    @property
    def url_name(self) -> str:
        """The page of the section."""
        return f"set_up_{self.slug}"


MAIN_MENU = "menu"
FORMS_OF_TARIFFS = tuple(f"admin:accounting_tariff_{page}" for page in ("changelist", *ROW_PAGES))

SET_UP_SECTIONS = (
    SetUpSection(
        "organisation",
        _("Organisation"),
        _("People, units, and who supervises whom."),
        "building-2",
        (
            SetUpPage(
                _("People"), _("Accounts, roles, extensions and units."), "users", "admin:accounting_user_changelist",
                covers=("admin:auth_user_password_change",),
            ),
            SetUpPage(
                _("Departments"), _("The tree of departments."), "network", "admin:accounting_department_changelist"
            ),
            SetUpPage(
                _("Cost centres"), _("Units to which costs are charged."), "landmark",
                "admin:accounting_costcentre_changelist",
            ),
            SetUpPage(
                _("Offices"), _("Locations with country, area code and time zone."), "map-pin",
                "admin:accounting_office_changelist",
            ),
            SetUpPage(
                _("Import and export"), _("People, units, extensions and supervision as CSV or XLSX files."),
                "file-spreadsheet", "sheets", covers=("sheet", "sheet_import"),
            ),
            SetUpPage(
                _("Data of one person"), _("Export everything about a person, or erase them."), "user-lock", "privacy",
                covers=("privacy_person",),
            ),
        ),
    ),
    SetUpSection(
        "lines",
        _("Lines"),
        _("Phone systems, gateways, extensions and number plans."),
        "phone",
        (
            SetUpPage(
                _("Phone systems"), _("What delivers call records, and into which inbox."), "server",
                "admin:accounting_phonesystem_changelist",
            ),
            SetUpPage(
                _("Gateways"), _("Where calls leave and reach the phone systems."), "router",
                "admin:accounting_gateway_changelist",
            ),
            SetUpPage(
                _("Extensions"), _("Own numbers and who holds them."), "hash", "admin:accounting_extension_changelist"
            ),
            SetUpPage(
                _("Unknown extensions"), _("Seen in calls, held by nobody: adopt them one by one or many at once."),
                "user-round-search", "unknown_extensions",
            ),
            SetUpPage(
                _("Re-assignment of calls"), _("Give past calls to the people who held the extensions then."),
                "user-check", "reassignment", covers=("reassign_calls",),
            ),
            SetUpPage(
                _("Phones"), _("Device names and the extensions seen on them."), "tablet-smartphone",
                "admin:accounting_device_changelist",
            ),
            SetUpPage(
                _("Number rules"), _("An office's own numbers before the public number plans."), "list-tree",
                "admin:accounting_numberrule_changelist",
            ),
        ),
    ),
    SetUpSection(
        "locks",
        _("Phone Lock"),
        _("What bars the calls of locked lines, and what may be called all the same."),
        "lock-keyhole",
        (
            SetUpPage(
                _("Lock engines"), _("How each phone system bars calls, and whether it does."), "server-cog",
                "lock_set_up", covers=("lock_set_up_form", "lock_checks"),
            ),
            SetUpPage(
                _("Allowed numbers"), _("Numbers that locked lines may call, besides emergency numbers."), "phone-call",
                "admin:phonelock_allowednumber_changelist",
            ),
        ),
    ),
    SetUpSection(
        "prices",
        _("Prices"),
        _("Carriers, tariffs, and what calls cost."),
        "badge-euro",
        (
            SetUpPage(
                _("Tariffs"), _("Carriers, their tariffs on a time line, bands, rates, gaps and overlaps."),
                "chart-gantt", "tariffs", ("tariff", "copy_tariff", *FORMS_OF_TARIFFS),
            ),
            SetUpPage(
                _("What does this call cost?"), _("The whole chain of rules for any number, gateway and moment."),
                "calculator", "simulator",
            ),
            SetUpPage(
                _("Carriers"), _("Who charges for calls."), "building", "admin:accounting_carrier_changelist"
            ),
            SetUpPage(_("Rates"), _("The price of each prefix."), "coins", "admin:accounting_rate_changelist"),
            SetUpPage(
                _("Calls without a price"), _("Grouped by reason and prefix: add a price and re-cost."),
                "circle-question-mark", "unpriced", covers=("price_unpriced",),
            ),
            SetUpPage(
                _("Re-costing"), _("Price past calls anew: dry run, apply, journal, undo."), "calculator", "recosting",
                covers=("correction", "correction_journal"),
            ),
            SetUpPage(
                _("Public holidays"), _("Beyond or against the countries' calendars."), "calendar-days",
                "admin:accounting_publicholiday_changelist",
            ),
        ),
    ),
    SetUpSection(
        "records",
        _("Call records"),
        _("What was collected, what could not be taken, and how long it is kept."),
        "file-text",
        (
            SetUpPage(
                _("Collected files"), _("The ledger of every file."), "files", "admin:accounting_importfile_changelist"
            ),
            SetUpPage(
                _("Upload call files"), _("Files that did not come through the inbox."), "upload", "upload",
                covers=("upload_result",),
            ),
            SetUpPage(
                _("Rejected rows"), _("Rows that could not be taken: correct them, import them again."),
                "file-exclamation-point", "rejected_rows", covers=("rejected_row",),
            ),
            SetUpPage(
                _("Files set aside"), _("Files that hold no call records."), "file-x", "files_set_aside"
            ),
            SetUpPage(
                _("Retention"), _("How long calls are kept, and what becomes of them then."), "archive-x", "retention",
                covers=("retention_term",),
            ),
        ),
    ),
    SetUpSection(
        "system",
        _("System"),
        _("Privacy, servers, protection and the audit log."),
        "shield-check",
        (
            SetUpPage(
                _("Masking rules"), _("Which role does not see how many digits."), "eye-off",
                "masking_rules", covers=("add_masking_rule", "change_masking_rule", "preview_masking_rule"),
            ),
            SetUpPage(
                _("Private calls"), _("Until when people may mark their calls as private."), "lock-keyhole",
                "admin:accounting_privatecallrule_changelist",
            ),
            SetUpPage(
                _("Directory"), _("Sign-in and people from LDAP or Active Directory."), "book-user", "directory",
                ("directory_settings", "directory_run"),
            ),
            SetUpPage(
                _("Audit log"), _("Who changed, exported or saw what."), "scroll-text", "audit_log",
                covers=("audit_entry", "undo_work"),
            ),
            SetUpPage(
                _("Mail server"), _("Through which server mails leave, and to whom."), "mail",
                "admin:accounting_mailserver_changelist",
            ),
            SetUpPage(
                _("Outgoing mail"), _("What waits, what was sent, and what could not be delivered."), "send",
                "outgoing_mail",
            ),
            SetUpPage(
                _("Webhooks"), _("Where alarms are posted beside mail: programs, Webex spaces, Teams channels."),
                "webhook", "admin:alarms_webhook_changelist",
            ),
            SetUpPage(
                _("Webhook messages"), _("What waits, what was taken, and what could not be delivered."),
                "message-square-share", "webhook_messages",
            ),
            SetUpPage(
                _("Background work"), _("Imports, re-costing and other long work."), "hourglass", "jobs"
            ),
            SetUpPage(
                _("Access tokens"), _("What programs and desktop companions sign in with; revoke any of them."),
                "key-round", "all_tokens",
            ),
            SetUpPage(
                _("Gadgets"), _("Pages inside Jabber and Webex: where they may be shown, and who is signed in there."),
                "app-window", "gadget_rules",
            ),
            SetUpPage(
                _("Failed sign-ins"), _("Wrong passwords by name and address, and locks; deleting one lifts the lock."),
                "lock", "admin:axes_accessattempt_changelist",
            ),
        ),
    ),
)  # fmt: skip
"""The set-up as data; whoever adds a table or a tool enters it here."""

OVERVIEW = MenuItem(_("Set-up"), "settings-2", "admin:index", administrators)


def covered_by(section: SetUpSection) -> tuple[str, ...]:
    """Return the pages for which a section is the current one: also the forms of its tables."""
    return tuple(name for page in section.pages for name in page.owns)


@cache
def trail_to(url_name: str) -> tuple[MenuItem | SetUpSection | SetUpPage, ...]:
    """Return where a page of the set-up stands, from the top: set-up, section, table or tool; () for other pages."""
    for section in SET_UP_SECTIONS:
        if url_name == section.url_name:
            return (OVERVIEW, section)
        for page in section.pages:
            if url_name in page.owns:
                return (OVERVIEW, section, page)
    return ()


APPLICATIONS = (
    Application(
        _("Call Analytics"),
        _("Your calls, what they cost and how well they were answered."),
        "phone-call",
        "home",
        menu=(
            MenuItem(_("Home"), "house", "home"),
            MenuItem(_("Dashboard"), "layout-dashboard", "dashboard"),
            MenuItem(_("Calls"), "list", "calls", covers=("call",)),
            MenuItem(
                _("Reports"),
                "chart-column",
                "reports",
                covers=("report", "saved_report", "edit_saved_report", "save_report", "mail_report", "sent_mail"),
            ),
            MenuItem(
                _("Scheduled reports"),
                "calendar-clock",
                "report_schedules",
                covers=(
                    "report_schedule",
                    "edit_report_schedule",
                    "hand_over_report_schedule",
                    "schedule_report",
                    "schedule_saved_report",
                ),
            ),
            MenuItem(_("Collection status"), "activity", "status", administrators),
        ),
    ),
    Application(
        _("Budget Control"),
        _("What calls may cost, what is left, and when it runs out."),
        "wallet",
        "my_budgets",
        menu=(
            MenuItem(_("My budgets"), "wallet", "my_budgets", covers=("budget_account", "budget_history")),
            MenuItem(_("People's budgets"), "users", "team_budgets", overseers),
            MenuItem(
                _("Set budgets"), "sliders-horizontal", "budgets", administrators, covers=("add_budget", "edit_budget")
            ),
        ),
    ),
    Application(
        _("Alarms"),
        _("What the product has noticed in your people's calls, and what it watches."),
        "bell",
        "alarms",
        overseers,
        menu=(
            MenuItem(_("Alarms"), "bell", "alarms", overseers, covers=("alarm",)),
            MenuItem(
                _("Scheduled alarms"),
                "calendar-clock",
                "alarm_rules",
                overseers,
                covers=(
                    "alarm_rule",
                    "add_alarm_rule",
                    "add_alarm_rule_of",
                    "edit_alarm_rule",
                    "hand_over_alarm_rule",
                ),
            ),
        ),
    ),
    Application(
        _("Phone Lock"),
        _("Lock and unlock lines, and see why a line is locked and until when."),
        "lock",
        "my_phone",
        menu=(
            MenuItem(
                _("My phone"),
                "lock",
                "my_phone",
                covers=("own_lock_history", "own_refused_calls", "set_own_pin", "lock_own_line"),
            ),
            MenuItem(
                _("Users"),
                "users",
                "lock_users",
                overseers,
                covers=(
                    "lock_many",
                    "unlock_many",
                    "reset_pin",
                    "lock_line",
                    "lock_line_refused",
                    "lock_for_administration",
                ),
            ),
            MenuItem(
                _("Timetables"),
                "calendar-clock",
                "lock_timetables",
                administrators,
                covers=("add_timetable", "edit_timetable"),
            ),
            MenuItem(_("Demo phone"), "phone", "demo_phone", in_demo),
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
        _("People, extensions, number plans, tariffs and every other setting."),
        "settings-2",
        "admin:index",
        administrators,
        menu=(
            MenuItem(_("Overview"), "list-checks", "admin:index", administrators),
            *(
                MenuItem(section.label, section.icon, section.url_name, administrators, covers=covered_by(section))
                for section in SET_UP_SECTIONS
            ),
        ),
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
