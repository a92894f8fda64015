"""Hears of budgets, people and the demo below, of changed lines and set-ups; enters what is held about people."""

from functools import partial
from typing import Any

from celery import current_app
from django.core.cache import cache
from django.db import transaction
from django.db.models.signals import post_delete, post_save, pre_save
from django.dispatch import receiver

from accounting.models import PhoneSystem, User
from accounting.services.personal_tables import also_held
from accounting.signals import demo_filled, person_erased
from budget.services.seeing import tells_locks
from budget.signals import period_released, threshold_reached
from phonelock.models import LineState, LockSetUp
from phonelock.services import personal
from phonelock.services.demo import set_demo_locks
from phonelock.services.erasing import forget_person
from phonelock.services.ruling import follow_soon
from phonelock.services.telling import settle_anew
from phonelock.services.turns import resume
from phonelock.services.words import locks_by_budget
from phonelock.signals import lines_changed, lines_confirmed

SHOW = "phonelock.tasks.show_on_phones"
COMPARE_DISPLAYS = "phonelock.tasks.compare_displays"
TELL = "phonelock.tasks.tell_engines"
GATHERING = 2
"""Seconds for which confirmations are gathered before phones show them."""
BARRING = ("engine", "route_partition", "locked_css", "line_text")
"""What of a set-up decides how its lines are barred."""

also_held(personal.tables)
tells_locks(locks_by_budget)


@receiver(person_erased)
def forget(person: User, **_facts: Any) -> None:
    """Forget the locks of an erased person, in the transaction of the erasure."""
    forget_person(person)


@receiver(demo_filled)
def fill_demo(**_facts: Any) -> None:
    """Lock and remember in the demo organisation."""
    set_demo_locks()


@receiver([threshold_reached, period_released])
def follow_budgets(**_facts: Any) -> None:
    """Ask for the lines of the holders to be locked or released now."""
    if LockSetUp.objects.exists():
        follow_soon()


@receiver(lines_changed)
def tell_engines(extensions: list[int], **_facts: Any) -> None:
    """Ask for phone systems to be told now; the timetable would do it a little later."""
    if LineState.objects.filter(extension__in=extensions, due_at__isnull=False).exists():
        current_app.send_task(TELL, expires=60)


@receiver(pre_save, sender=LockSetUp)
def remember_barring(instance: LockSetUp, **_facts: Any) -> None:
    """Keep how lines were barred until now."""
    instance.barred_before = LockSetUp.objects.filter(pk=instance.pk).values_list(*BARRING).first()


@receiver(post_save, sender=LockSetUp)
def settle_changed_set_up(instance: LockSetUp, **_facts: Any) -> None:
    """Begin anew with the lines of a phone system that are barred in another way from now on."""
    resume(instance.phone_system_id)
    if instance.barred_before != tuple(getattr(instance, name) for name in BARRING):
        settle_anew(instance.phone_system_id)
        transaction.on_commit(partial(current_app.send_task, TELL, expires=60), robust=True)


@receiver(post_delete, sender=LockSetUp)
def settle_deleted_set_up(instance: LockSetUp, **_facts: Any) -> None:
    """Let the lines of a phone system be put back whose set-up was taken away."""
    settle_anew(instance.phone_system_id)
    transaction.on_commit(partial(current_app.send_task, TELL, expires=60), robust=True)


@receiver(post_save, sender=PhoneSystem)
def try_again(instance: PhoneSystem, **_facts: Any) -> None:
    """Try a phone system again at once when its address or its AXL user may have been put right."""
    resume(instance.pk)


@receiver(lines_changed)
def show_on_phones(extensions: list[int], **_facts: Any) -> None:
    """Ask for the phones of these lines to show what is true now."""
    if LockSetUp.objects.filter(push=True).exists():
        current_app.send_task(SHOW, args=[extensions], expires=60)


@receiver(lines_confirmed)
def show_confirmed(**_facts: Any) -> None:
    """Ask for phones to show what phone systems have confirmed, once for all confirmations of some seconds."""
    if LockSetUp.objects.filter(push=True).exists() and cache.add(
        "confirmed_lines_are_shown", value=True, timeout=GATHERING
    ):
        current_app.send_task(SHOW, countdown=GATHERING, expires=60)


@receiver(post_save, sender=LockSetUp)
def show_as_set_up(**_facts: Any) -> None:
    """Ask for all phones to show what is true when they are told to show it from now on, or no more."""
    transaction.on_commit(partial(current_app.send_task, COMPARE_DISPLAYS, expires=600), robust=True)
