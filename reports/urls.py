"""Addresses of the home page and the reports."""

from django.urls import path

from reports.views import home, reports

urlpatterns = [
    path("calls/home/", home.home, name="home"),
    path("calls/home/live/", home.live, name="home_live"),
    path("reports/", reports.report_list, name="reports"),
    path("reports/<slug:slug>/", reports.report_page, name="report"),
]
