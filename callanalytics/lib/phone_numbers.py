"""Telephone numbers as people read them, and the hiding of their last digits."""

from functools import lru_cache

import phonenumbers


@lru_cache(maxsize=8192)
def spaced(number: str) -> str:
    """Return a +number with the blanks of its country's habit, anything else as it is."""
    if not number.startswith("+") or number.endswith("…"):  # the end of an anonymised number is unknown
        return number
    try:
        parsed = phonenumbers.parse(number)
    except phonenumbers.NumberParseException:
        return number
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.INTERNATIONAL)


def plain_digits(text: str) -> str:
    """Return a text with the digits of every script, for instance Arabic-Indic ones, as 0 to 9."""
    return "".join(str(int(letter)) if letter.isdecimal() else letter for letter in text)


def hide_last_digits(number: str, digits: int) -> str:
    """Return the number with its last digits as asterisks; blanks and signs between them stay, so does a domain."""
    user, at, domain = number.partition("@")
    hidden = list(user)
    for position in range(len(hidden) - 1, -1, -1):
        if digits == 0:
            break
        if hidden[position].isalnum():
            hidden[position] = "*"
            digits -= 1
    return "".join(hidden) + at + domain
