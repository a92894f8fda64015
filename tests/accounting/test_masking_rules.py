"""Masking rules in the set-up: in words, validated, previewed without being saved, and recorded."""

import pytest
from django.test import Client
from django.urls import reverse

from accounting.models import AuditEntry, CallType, Direction, MaskingRule, Role, User
from tests import factories as make

NUMBER = "+4915112345678"


@pytest.fixture
def desk(client: Client, admin: User) -> Client:
    """The browser of an administrator, one mobile call in the data."""
    client.force_login(admin)
    make.record(make.person("anna"), other_number=NUMBER, call_type=CallType.MOBILE)
    return client


def test_rules_are_sentences_and_samples_show_what_each_role_sees(desk: Client) -> None:
    make.masking_rule(Role.SUPERVISOR, 3, direction=Direction.OUTGOING, call_type=CallType.MOBILE)
    page = desk.get(reverse("masking_rules"))
    assert (
        "Supervisor: the last 3 digits are hidden (Outgoing, Mobile; in the calls of others)." in page.content.decode()
    )
    (sample,) = page.context["samples"]
    assert [text for text, _changed in sample.shown] == ["+49 1511 2345678", "+49 1511 2345***", "+49 1511 2345678"]


def test_the_preview_shows_a_rule_before_it_is_saved(desk: Client) -> None:
    values = {"role": Role.USER, "digits": 4, "own_calls": "on"}
    answer = desk.post(reverse("preview_new_masking_rule"), values, headers={"HX-Request": "true"})
    (sample,) = answer.context["samples"]
    now, then = "+49 1511 2345678", "+49 1511 234****"
    assert [text for text, _changed in sample.shown] == [now, then, now, then]
    assert not MaskingRule.objects.exists()
    whole_page = desk.post(reverse("preview_new_masking_rule"), values).content.decode()
    assert "<html" in whole_page
    assert then in whole_page


def test_rules_are_added_changed_and_deleted_and_recorded(desk: Client, admin: User) -> None:
    values = {"role": Role.USER, "digits": 4}
    desk.post(reverse("add_masking_rule"), values)
    rule = MaskingRule.objects.get()
    again = desk.post(reverse("add_masking_rule"), values)
    assert "There is a rule for these calls" in again.content.decode()
    nothing_hidden = desk.post(reverse("add_masking_rule"), values | {"digits": 0, "direction": Direction.INCOMING})
    assert "digits" in nothing_hidden.context["form"].errors
    desk.post(reverse("change_masking_rule", args=[rule.pk]), values | {"digits": 2})
    desk.post(reverse("delete_masking_rule", args=[rule.pk]))
    assert not MaskingRule.objects.exists()
    entries = AuditEntry.objects.filter(subject_type="maskingrule", actor_id=admin.pk).order_by("id")
    assert [entry.action for entry in entries] == ["added", "changed", "deleted"]
    assert entries[1].changes == {"digits": ["4", "2"]}


def test_a_new_rule_is_not_previewed_before_a_role_is_chosen(desk: Client) -> None:
    make.record(other_number="+491761112223")
    page = desk.get(reverse("add_masking_rule"))
    assert page.context["samples"] == []
    assert "Choose a role first" in page.content.decode()
    chosen = desk.post(reverse("preview_new_masking_rule"), {"role": Role.SUPERVISOR, "digits": "3"})
    assert chosen.context["samples"]
    assert chosen.context["role"] == "Supervisor"


def test_a_reader_who_is_masked_sees_built_examples_only(desk: Client) -> None:
    make.record(other_number="+491761112223")
    rule = make.masking_rule(Role.ADMINISTRATOR, 3)
    for address in (reverse("masking_rules"), reverse("change_masking_rule", args=[rule.pk])):
        numbers = [sample.record.other_number for sample in desk.get(address).context["samples"]]
        assert len(numbers) == 10
        assert "+491761112223" not in numbers


def test_only_administrators_change_rules(client: Client, ben: User) -> None:
    client.force_login(ben)
    for name in ("masking_rules", "add_masking_rule"):
        assert client.get(reverse(name)).status_code == 403
    assert client.post(reverse("preview_new_masking_rule")).status_code == 403
