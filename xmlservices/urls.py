"""Pages that desk phones fetch."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
