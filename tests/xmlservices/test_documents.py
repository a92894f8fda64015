"""Documents keep the published limits whatever is put in, held against the reader that is written apart from them."""

import pytest
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st

from phonelock.simulator.phone_xml import XmlFault, read
from xmlservices.asking import Asked
from xmlservices.documents import LATIN, UTF_8, Directory, Input, Menu, Question, StatusFile, Text, Writing, written

TEXTS = st.text(max_size=200)
URL = "http://portal.example.com/phone/?d=SEP001122334455&l=1"


@given(TEXTS, TEXTS, st.text(max_size=5000), st.sampled_from([UTF_8, LATIN]))
def test_any_text_is_made_to_fit(title: str, prompt: str, text: str, charset: str) -> None:
    documents = [
        Text(title, prompt, text),
        Menu(title, prompt, [(text, URL)] * 120),
        Input(title, prompt, URL, [Question(text, "pin")] * 7),
        Directory(title, prompt, [(text, "+491234")] * 40),
        StatusFile(text, URL),
    ]
    for document in documents:
        assert read(written(document, Writing(charset)), charset).tag.startswith("CiscoIPPhone")


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Łódź – „Żółw”…", 'Lódz - "Zólw"...'),
        ("12,50 €", "12,50 EUR"),
        ("<bdi>1&#x202f;000</bdi>\u2069 MB", "1 000 MB"),
        ("هاتف", "????"),
    ],
)
def test_older_phones_get_the_nearest_letters(text: str, shown: str) -> None:
    assert Writing(LATIN).line(text, 32) == shown


def test_what_is_too_long_ends_with_an_ellipsis() -> None:
    assert Writing().line("x" * 40, 32) == "x" * 31 + "…"
    assert Writing(LATIN).line("x" * 40, 32) == "x" * 29 + "..."
    with pytest.raises(ValueError, match="too long"):
        written(Menu("", "", [("far", URL + "x" * 256)]), Writing())


@pytest.mark.parametrize(
    ("headers", "charset", "language"),
    [
        ({"accept-charset": "iso-8859-1"}, LATIN, "en"),
        ({"accept-charset": "iso-8859-1,utf-8;q=0.8", "accept-language": "pl_PL"}, UTF_8, "pl"),
        ({"accept-charset": "iso-8859-1, utf-8;q=0", "accept-language": "ar-SA,de;q=0.5"}, LATIN, "en"),
        ({"accept-language": "ar_SA"}, UTF_8, "ar"),
        ({"accept-language": "zh-TW,de-CH;q=0.8"}, UTF_8, "de"),
    ],
)
def test_charset_and_language_are_what_the_phone_can_show(headers: dict[str, str], charset: str, language: str) -> None:
    asked = Asked.by(RequestFactory().get("/phone/", headers=headers))
    assert (asked.writing.charset, asked.language(None)) == (charset, language)


@pytest.mark.parametrize(
    "content",
    [
        "<CiscoIPPhoneText><Prompt>a</Prompt><Title>b</Title><Text>c</Text></CiscoIPPhoneText>",
        "<CiscoIPPhoneText><Title>" + "x" * 33 + "</Title><Text>c</Text></CiscoIPPhoneText>",
        "<CiscoIPPhoneText><Text>c</Text><SoftKeyItem/></CiscoIPPhoneText>",
        "<CiscoIPPhoneMenu><Title>a</Title></CiscoIPPhoneMenu>",
        "<CiscoIPPhoneExecute><ExecuteItem URL='http://a/'/><ExecuteItem URL='http://b/'/></CiscoIPPhoneExecute>",
        "<html/>",
        "<CiscoIPPhoneText><Text>c",
    ],
)
def test_the_strict_reader_refuses_what_phones_refuse(content: str) -> None:
    with pytest.raises(XmlFault):
        read(f"<?xml version='1.0' encoding='utf-8'?>{content}".encode(), "utf-8")
