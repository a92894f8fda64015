"""Secrets that the database keeps encrypted: passwords of the directory, the mail server and the phone systems."""

import base64
from functools import lru_cache
from typing import Any

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.db import models


class Sealed(str):
    """A secret that no key opens: it reads as '', and saving its row leaves it as it is."""

    stored = ""


class EncryptedField(models.TextField[Any, Any]):
    """A text that is stored encrypted with a key from SECRET_KEY; SECRET_KEY_FALLBACKS still open what is there.

    A text that no key opens reads as '' : the secret has to be entered again, or the right key set.
    """

    description = "An encrypted text"

    def from_db_value(self, value: str | None, expression: Any, connection: Any) -> str:
        """Return the text in the clear."""
        if not value:
            return ""
        try:
            return _cipher(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS).decrypt(value.encode()).decode()
        except InvalidToken:
            sealed = Sealed()
            sealed.stored = value
            return sealed

    def save_form_data(self, instance: models.Model, data: Any) -> None:
        """Take what a form gives; None leaves the secret as it is."""
        if data is not None:
            super().save_form_data(instance, data)

    def get_prep_value(self, value: Any) -> str:
        """Return what is stored: '' for no secret."""
        if isinstance(value, Sealed):
            return value.stored
        if not value:
            return ""
        return _cipher(settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS).encrypt(str(value).encode()).decode()


@lru_cache(maxsize=4)
def _cipher(*secret_keys: str) -> MultiFernet:
    return MultiFernet([Fernet(_key(secret)) for secret in secret_keys])


def _key(secret: str) -> bytes:
    derived = HKDF(hashes.SHA256(), 32, salt=None, info=b"callanalytics stored secrets").derive(secret.encode())
    return base64.urlsafe_b64encode(derived)
