"""Numbers as people read them: the quick way gives exactly what the library gives."""

import phonenumbers
from hypothesis import given, settings
from hypothesis import strategies as st

from callanalytics.lib.phone_numbers import CODES, spaced


@settings(max_examples=300)
@given(st.sampled_from(sorted(CODES)), st.from_regex(r"[0-9]{1,13}", fullmatch=True))
def test_every_number_is_spaced_as_the_library_spaces_it(code: int, national: str) -> None:
    number = f"+{code}{national}"
    try:
        expected = phonenumbers.format_number(phonenumbers.parse(number), phonenumbers.PhoneNumberFormat.INTERNATIONAL)
    except phonenumbers.NumberParseException:
        expected = number
    assert spaced(number) == expected
