"""The pages of alarms."""

from django.urls import path

from alarms.views import raised

urlpatterns = [path("alarms/<int:pk>/", raised.alarm, name="alarm")]
