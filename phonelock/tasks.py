"""Entry points of Phone Lock's work in the background."""

from collections.abc import Sequence

from celery import current_app, shared_task

from phonelock.services import comparing, displays, erasing, pushing, ruling, telling


@shared_task(expires=60)
def follow_rules() -> None:
    """Let budgets and timetables lock and release, and clear away what is over."""
    ruling.follow_rules()


@shared_task(expires=60)
def tell_engines() -> None:
    """Tell phone systems what is due; a long queue is done in pieces, so that other work has its turn."""
    if telling.tell_due():
        current_app.send_task("phonelock.tasks.tell_engines", expires=60)


@shared_task(expires=60)
def compare_lines() -> None:
    """Compare the phone systems whose time has come with what their lines should be."""
    if comparing.compare_due():
        current_app.send_task("phonelock.tasks.tell_engines", expires=60)


@shared_task(expires=60)
def show_on_phones(extensions: Sequence[int] = ()) -> None:
    """Show and clear locks on phones: of these lines, else whatever is found to differ, and whatever is due."""
    if extensions:
        displays.follow(extensions)
    else:
        displays.sweep()
    pushing.push_due()
    if pushing.anything_due():
        current_app.send_task("phonelock.tasks.show_on_phones", expires=60)


@shared_task(expires=600)
def forget_old() -> None:
    """Delete refused calls and history beyond the term for which calls are kept."""
    erasing.forget_old()


@shared_task(expires=600)
def compare_displays() -> None:
    """Let every phone show what is true, also where nothing has changed for long."""
    displays.sweep(everything=True)
