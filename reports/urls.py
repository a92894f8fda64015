"""Addresses of the home page and the reports."""

from django.urls import path

from reports.views import choices, exports, home, mailing, previews, reports, saved, schedule_form, schedules

urlpatterns = [
    path("calls/home/", home.home, name="home"),
    path("calls/home/live/", home.live, name="home_live"),
    path("reports/", reports.report_list, name="reports"),
    path("reports/choices/<slug:name>/", choices.choices, name="report_choices"),
    path("reports/exports/", exports.begin, name="begin_report_export"),
    path("reports/exports/<int:pk>/", exports.export_page, name="report_export"),
    path("reports/exports/<int:pk>/file/", exports.download, name="download_report_export"),
    path("reports/mails/people/", mailing.people, name="people_to_mail"),
    path("reports/mails/<int:pk>/", mailing.sent_mail, name="sent_mail"),
    path("reports/mine/<int:pk>/", saved.saved_report, name="saved_report"),
    path("reports/mine/<int:pk>/edit/", saved.edit, name="edit_saved_report"),
    path("reports/mine/<int:pk>/question/", saved.change_question, name="change_saved_report"),
    path("reports/mine/<int:pk>/duplicate/", saved.duplicate, name="duplicate_saved_report"),
    path("reports/mine/<int:pk>/delete/", saved.delete, name="delete_saved_report"),
    path("reports/mine/<int:pk>/restore/", saved.restore, name="restore_saved_report"),
    path("reports/mine/<int:pk>/schedule/", schedule_form.schedule_saved, name="schedule_saved_report"),
    path("reports/schedules/", schedules.schedules, name="report_schedules"),
    path("reports/schedules/times/", schedule_form.preview, name="preview_report_schedule"),
    path("reports/schedules/<int:pk>/", schedules.schedule, name="report_schedule"),
    path("reports/schedules/<int:pk>/edit/", schedule_form.edit, name="edit_report_schedule"),
    path("reports/schedules/<int:pk>/pause/", schedules.pause, name="pause_report_schedule"),
    path("reports/schedules/<int:pk>/resume/", schedules.resume, name="resume_report_schedule"),
    path("reports/schedules/<int:pk>/run/", schedules.run_now, name="run_report_schedule"),
    path("reports/schedules/<int:pk>/duplicate/", schedules.duplicate, name="duplicate_report_schedule"),
    path("reports/schedules/<int:pk>/delete/", schedules.delete, name="delete_report_schedule"),
    path("reports/schedules/<int:pk>/restore/", schedules.restore, name="restore_report_schedule"),
    path("reports/schedules/<int:pk>/hand-over/", schedules.hand_over, name="hand_over_report_schedule"),
    path("reports/<slug:slug>/", reports.report_page, name="report"),
    path("reports/<slug:slug>/save/", saved.save, name="save_report"),
    path("reports/<slug:slug>/schedule/", schedule_form.schedule_report, name="schedule_report"),
    path("reports/<slug:slug>/mail/", mailing.mail_report, name="mail_report"),
    path("reports/<slug:slug>/mail/preview/", mailing.preview_mail, name="preview_mail"),
    path("reports/<slug:slug>/preview/", previews.preview, name="report_preview"),
]
