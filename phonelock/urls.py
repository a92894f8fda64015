"""Pages of Phone Lock, and what phone systems ask."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
