"""Pages of Phone Lock, and what phone systems ask."""

from django.urls import path

from phonelock.views import call_control, demo_phone, gadgets, own, people, set_up, timetables

urlpatterns = [
    path("gadgets/lock/", gadgets.lock, name="gadget_lock"),
    path("gadgets/lock/live/", gadgets.lock_live, name="gadget_lock_live"),
    path("gadgets/lock/<int:pk>/lock/", gadgets.lock_line, name="gadget_lock_line"),
    path("gadgets/lock/<int:pk>/unlock/", gadgets.release_line, name="gadget_release_line"),
    # phonelock.middleware answers here before other middleware.
    path("ecc/<str:key>/", call_control.answer, name="call_control"),
    path("phone-lock/", own.my_phone, name="my_phone"),
    path("phone-lock/state/", own.my_phone_live, name="my_phone_live"),
    path("phone-lock/history/", own.own_lock_history, name="own_lock_history"),
    path("phone-lock/refused/", own.own_refused_calls, name="own_refused_calls"),
    path("phone-lock/pin/", own.set_own_pin, name="set_own_pin"),
    path("phone-lock/lines/<int:pk>/lock/", own.lock_own_line, name="lock_own_line"),
    path("phone-lock/lines/<int:pk>/unlock/", own.release_own_line, name="release_own_line"),
    path("phone-lock/demo-phone/", demo_phone.demo_phone, name="demo_phone"),
    path("phone-lock/demo-phone/status/", demo_phone.demo_phone_status, name="demo_phone_status"),
    path("phone-lock/demo-phone/press/", demo_phone.press_demo_phone, name="press_demo_phone"),
    path("phone-lock/people/", people.lock_users, name="lock_users"),
    path("phone-lock/people/lock/", people.lock_many, {"locked": True}, name="lock_many"),
    path("phone-lock/people/unlock/", people.lock_many, {"locked": False}, name="unlock_many"),
    path("phone-lock/people/<int:pk>/pin/", people.reset_pin, name="reset_pin"),
    path("phone-lock/lines/<int:pk>/", people.lock_line, name="lock_line"),
    path("phone-lock/lines/<int:pk>/refused/", people.lock_line, {"tab": "refused"}, name="lock_line_refused"),
    path("phone-lock/lines/<int:pk>/administration/", people.lock_for_administration, name="lock_for_administration"),
    path("phone-lock/timetables/", timetables.lock_timetables, name="lock_timetables"),
    path("phone-lock/timetables/add/", timetables.add_timetable, name="add_timetable"),
    path("phone-lock/timetables/<int:pk>/", timetables.edit_timetable, name="edit_timetable"),
    path("phone-lock/timetables/<int:pk>/pause/", timetables.pause_timetable, name="pause_timetable"),
    path("phone-lock/timetables/<int:pk>/resume/", timetables.resume_timetable, name="resume_timetable"),
    path("phone-lock/timetables/<int:pk>/delete/", timetables.delete_timetable, name="delete_timetable"),
    path("setup/locks/systems/", set_up.lock_set_up, name="lock_set_up"),
    path("setup/locks/systems/<int:pk>/", set_up.lock_set_up_form, name="lock_set_up_form"),
    path("setup/locks/systems/<int:pk>/new-address/", set_up.new_lock_key, name="new_lock_key"),
    path("setup/locks/systems/<int:pk>/phone/", set_up.try_lock_phone, name="try_lock_phone"),
    path("setup/locks/systems/<int:pk>/checks/", set_up.lock_checks, name="lock_checks"),
]
