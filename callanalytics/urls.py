"""Includes of the apps, and nothing else."""

from django.contrib import admin
from django.urls import path

urlpatterns = [
    path("setup/", admin.site.urls),
]
