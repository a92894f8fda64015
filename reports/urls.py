"""Addresses of the home page and the reports."""

from django.urls import path

from reports.views import exports, home, reports

urlpatterns = [
    path("calls/home/", home.home, name="home"),
    path("calls/home/live/", home.live, name="home_live"),
    path("reports/", reports.report_list, name="reports"),
    path("reports/exports/<int:pk>/", exports.export_page, name="report_export"),
    path("reports/exports/<int:pk>/file/", exports.download, name="download_report_export"),
    path("reports/<slug:slug>/", reports.report_page, name="report"),
]
