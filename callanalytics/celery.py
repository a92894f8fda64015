"""The Celery app."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callanalytics.settings")
app = Celery("callanalytics")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
