"""Entry points of the phone services' work in the background."""

from celery import shared_task

from xmlservices.services import forms


@shared_task(expires=600)
def clear_forms() -> None:
    """Delete forms that nobody can use any more."""
    while forms.clear_old():
        pass
