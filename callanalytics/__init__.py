"""The project package: settings, composition, and pages in general."""

from callanalytics.celery import app as celery_app

__all__ = ["celery_app"]
