"""Pages that desk phones fetch; short, since their addresses may have 256 characters."""

from django.urls import path

from xmlservices.views import acting, pages, pushed

urlpatterns = [
    path("phone/", pages.services, name="phone_services"),
    path("phone/lock/", pages.lock, name="phone_lock"),
    path("phone/pin/", pages.change_pin, name="phone_pin"),
    path("phone/list/", pages.listed, name="phone_list"),
    path("phone/state/", pages.state, name="phone_state"),
    path("phone/do/", acting.form, name="phone_form"),
    path("phone/status/", pushed.status, name="phone_status"),
    path("phone/lock.png", pushed.lock_icon, name="phone_lock_icon"),
    path("phone/authenticate/", pushed.authenticate, name="phone_authentication"),
]
