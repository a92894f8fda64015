"""The pages of alarms."""

from django.urls import path

from alarms.views import form, raised, rules, webhook_messages

urlpatterns = [
    path("alarms/", raised.alarms, name="alarms"),
    path("alarms/<int:pk>/", raised.alarm, name="alarm"),
    path("alarms/acknowledge/", raised.acknowledge_some, name="acknowledge_alarms"),
    path("alarms/reopen/", raised.reopen_some, name="reopen_alarms"),
    path("alarms/rules/", rules.rule_list, name="alarm_rules"),
    path("alarms/rules/add/", form.kinds, name="add_alarm_rule"),
    path("alarms/rules/add/<slug:slug>/", form.add, name="add_alarm_rule_of"),
    path("alarms/rules/times/", form.preview, name="preview_alarm_rule"),
    path("alarms/rules/try/<slug:slug>/", form.trial, name="try_alarm_rule"),
    path("alarms/rules/<int:pk>/", rules.rule, name="alarm_rule"),
    path("alarms/rules/<int:pk>/edit/", form.edit, name="edit_alarm_rule"),
    path("alarms/rules/<int:pk>/pause/", rules.pause, name="pause_alarm_rule"),
    path("alarms/rules/<int:pk>/resume/", rules.resume, name="resume_alarm_rule"),
    path("alarms/rules/<int:pk>/mute/", rules.mute, name="mute_alarm_rule"),
    path("alarms/rules/<int:pk>/unmute/", rules.unmute, name="unmute_alarm_rule"),
    path("alarms/rules/<int:pk>/check/", rules.check_now, name="check_alarm_rule"),
    path("alarms/rules/<int:pk>/duplicate/", rules.duplicate, name="duplicate_alarm_rule"),
    path("alarms/rules/<int:pk>/delete/", rules.delete, name="delete_alarm_rule"),
    path("alarms/rules/<int:pk>/restore/", rules.restore, name="restore_alarm_rule"),
    path("alarms/rules/<int:pk>/hand-over/", rules.hand_over, name="hand_over_alarm_rule"),
    path("setup/system/webhook-messages/", webhook_messages.webhook_messages, name="webhook_messages"),
    path(
        "setup/system/webhook-messages/act/", webhook_messages.act_on_webhook_messages, name="act_on_webhook_messages"
    ),
]
