"""Why a look was not possible or found nothing, as codes that are stored and the words for them."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

NOTHING_ARRIVED, COLLECTION_STOPPED, NO_RIGHTS, NO_OWNER = "nothing", "collection", "no_rights", "no_owner"
KIND_GONE, WRONG_PARAMETERS, TOO_LONG, UNEXPECTED = "kind", "parameters", "too_long", "unexpected"

TEXTS: dict[str, str | Promise] = {
    NOTHING_ARRIVED: _("No calls have arrived since the last check."),
    COLLECTION_STOPPED: _("No calls have arrived, and the collection of call records is disturbed."),
    NO_RIGHTS: _("The owner may not set up alarms any more."),
    NO_OWNER: _("The scheduled alarm has no owner with whose rights it could look."),
    KIND_GONE: _("This kind of alarm no longer exists."),
    WRONG_PARAMETERS: _("The settings no longer hold, for instance since a unit was deleted. Choose them anew."),
    TOO_LONG: _("The check took too long. It is tried again at the next time."),
    UNEXPECTED: _("An unexpected error ended it; the log of the server tells more."),
}
