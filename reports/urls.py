"""Addresses of the home page."""

from django.urls import path

from reports.views import home

urlpatterns = [
    path("calls/home/", home.home, name="home"),
    path("calls/home/live/", home.live, name="home_live"),
]
