"""The four switches: which events lock the extension, and which release it."""

from dataclasses import dataclass

from callanalytics_companion.events import Event


@dataclass(frozen=True, slots=True)
class Switches:
    """What the person wants to happen by itself."""

    sign_out_locks: bool = True
    sign_in_unlocks: bool = True
    session_lock_locks: bool = True
    session_unlock_unlocks: bool = True

    def wish(self, event: Event) -> bool | None:
        """Return whether an event locks (True) or releases (False) the extension, or None where its switch is off."""
        is_on, locks = {
            Event.SIGN_OUT: (self.sign_out_locks, True),
            Event.SHUTDOWN: (self.sign_out_locks, True),
            Event.SIGN_IN: (self.sign_in_unlocks, False),
            Event.SESSION_LOCK: (self.session_lock_locks, True),
            Event.SESSION_UNLOCK: (self.session_unlock_unlocks, False),
        }[event]
        return locks if is_on else None
