"""Addresses of the home page and the reports."""

from django.urls import path

from reports.views import exports, home, previews, reports, saved

urlpatterns = [
    path("calls/home/", home.home, name="home"),
    path("calls/home/live/", home.live, name="home_live"),
    path("reports/", reports.report_list, name="reports"),
    path("reports/exports/<int:pk>/", exports.export_page, name="report_export"),
    path("reports/exports/<int:pk>/file/", exports.download, name="download_report_export"),
    path("reports/mine/<int:pk>/", saved.saved_report, name="saved_report"),
    path("reports/mine/<int:pk>/edit/", saved.edit, name="edit_saved_report"),
    path("reports/mine/<int:pk>/question/", saved.change_question, name="change_saved_report"),
    path("reports/mine/<int:pk>/duplicate/", saved.duplicate, name="duplicate_saved_report"),
    path("reports/mine/<int:pk>/delete/", saved.delete, name="delete_saved_report"),
    path("reports/mine/<int:pk>/restore/", saved.restore, name="restore_saved_report"),
    path("reports/<slug:slug>/", reports.report_page, name="report"),
    path("reports/<slug:slug>/save/", saved.save, name="save_report"),
    path("reports/<slug:slug>/preview/", previews.preview, name="report_preview"),
]
