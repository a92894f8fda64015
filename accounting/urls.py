"""Addresses of sign-in, calls, collection status, profile and help."""

from django.urls import path

from accounting.views import calls, help, jobs, profile, signing_in, status

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
    path("profile/", profile.profile, name="profile"),
    path("help/", help.help_page, name="help"),
]
