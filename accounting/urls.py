"""Addresses of sign-in, calls, collection status, profile and help."""

from django.urls import path

from accounting.views import (
    audit,
    calls,
    directory,
    help,
    jobs,
    masking,
    profile,
    rejected,
    retention,
    set_up,
    sheets,
    signing_in,
    simulator,
    status,
    tariffs,
    uploads,
)
from callanalytics.lib.spreadsheets import CONTENT_TYPES
from callanalytics.navigation import SET_UP_SECTIONS

urlpatterns = [
    path("sign-in/", signing_in.SignInView.as_view(), name="sign_in"),
    path("sign-out/", signing_in.SignOutView.as_view(), name="sign_out"),
    path("language/", profile.set_language, name="set_language"),
    path("calls/", calls.call_list, name="calls"),
    path("calls/totals/", calls.call_totals, name="call_totals"),
    path("calls/people/", calls.suggested_people, name="suggested_people"),
    path("calls/<int:pk>/", calls.call_detail, name="call"),
    path("status/", status.collection_status, name="status"),
    path("jobs/", jobs.job_list, name="jobs"),
    path("jobs/<int:pk>/", jobs.job_page, name="job"),
    path("jobs/<int:pk>/cancel/", jobs.cancel_job, name="cancel_job"),
    path("setup/system/directory/", directory.overview, name="directory"),
    path("setup/system/directory/settings/", directory.settings_page, name="directory_settings"),
    path("setup/system/directory/test/", directory.test_connection, name="test_directory"),
    path("setup/system/directory/synchronise/", directory.synchronise, name="synchronise_directory"),
    path("setup/system/directory/runs/<int:pk>/", directory.run_page, name="directory_run"),
    path("setup/system/directory/runs/<int:pk>/apply/", directory.apply_run, name="apply_directory_run"),
    *(
        path(f"setup/{section.slug}/", set_up.section, {"slug": section.slug}, name=section.url_name)
        for section in SET_UP_SECTIONS
    ),
    path("setup/records/rejected/", rejected.rejected_rows, name="rejected_rows"),
    path("setup/records/rejected/act/", rejected.act_on_rejected, name="act_on_rejected"),
    path("setup/records/rejected/<int:pk>/", rejected.rejected_row, name="rejected_row"),
    path("setup/records/set-aside/", rejected.files_set_aside, name="files_set_aside"),
    path("setup/records/set-aside/<int:pk>/download/", rejected.download_set_aside, name="download_set_aside"),
    path("setup/records/set-aside/<int:pk>/again/", rejected.try_file_again, name="try_file_again"),
    path("setup/organisation/import/", sheets.sheet_kinds, name="sheets"),
    path("setup/organisation/import/<int:pk>/", sheets.sheet_import, name="sheet_import"),
    path("setup/organisation/import/<int:pk>/apply/", sheets.apply_sheet, name="apply_sheet"),
    path("setup/organisation/import/<int:pk>/discard/", sheets.discard_sheet, name="discard_sheet"),
    path("setup/organisation/import/<slug:kind>/", sheets.sheet, name="sheet"),
    *(
        path(f"setup/organisation/import/<slug:kind>/{name}.{form}", view, {"form": form}, name=f"sheet_{name}_{form}")
        for name, view in (("export", sheets.export_sheet), ("template", sheets.sheet_template))
        for form in CONTENT_TYPES
    ),
    path("setup/records/upload/", uploads.upload, name="upload"),
    path("setup/records/upload/<int:pk>/", uploads.upload_result, name="upload_result"),
    path("setup/records/retention/", retention.terms, name="retention"),
    path("setup/records/retention/apply/", retention.apply_now, name="apply_retention"),
    path("setup/records/retention/<int:pk>/", retention.term, name="retention_term"),
    path("setup/system/masking/", masking.masking_rules, name="masking_rules"),
    path("setup/system/masking/add/", masking.masking_rule, name="add_masking_rule"),
    path("setup/system/masking/add/preview/", masking.masking_preview_of_rule, name="preview_new_masking_rule"),
    path("setup/system/masking/<int:pk>/", masking.masking_rule, name="change_masking_rule"),
    path("setup/system/masking/<int:pk>/preview/", masking.masking_preview_of_rule, name="preview_masking_rule"),
    path("setup/system/masking/<int:pk>/delete/", masking.delete_masking_rule, name="delete_masking_rule"),
    path("setup/system/audit/", audit.audit_log, name="audit_log"),
    path("setup/system/audit/export/", audit.export_audit_log, name="export_audit_log"),
    path("setup/prices/tariffs/", tariffs.tariffs, name="tariffs"),
    path("setup/prices/tariffs/<int:pk>/", tariffs.tariff, name="tariff"),
    path("setup/prices/tariffs/<int:pk>/copy/", tariffs.copy, name="copy_tariff"),
    path("setup/prices/simulator/", simulator.simulator, name="simulator"),
    path("setup/tests/<slug:name>/", set_up.try_connection, name="test_connection"),
    path("setup/tests/<slug:name>/<int:pk>/", set_up.try_connection, name="test_phone_system"),
    path("profile/", profile.profile, name="profile"),
    path("help/", help.help_page, name="help"),
]
