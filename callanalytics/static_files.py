"""Where static files are found: under names that change with their content."""

from whitenoise.storage import CompressedManifestStaticFilesStorage


class NamedFiles(CompressedManifestStaticFilesStorage):  # type: ignore[misc]  # WhiteNoise has no types
    """Static files whose addresses are made once: names change only with a new start, and a page has dozens."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)
        self._addresses: dict[str, str] = {}

    def url(self, name: str, force: bool = False) -> str:
        """Return the address of a file."""
        address = self._addresses.get(name)
        if address is None or force:
            address = self._addresses[name] = str(super().url(name, force))
        return address
