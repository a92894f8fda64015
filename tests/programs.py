"""Programs that use the interface with an access token."""

import json
from itertools import count
from typing import Any

from django.test import Client

from accounting.models import Scope, TokenClient, User
from accounting.services import tokens

_numbers = count(1)


class Program:
    """A program of one person: sends JSON with a token."""

    def __init__(self, user: User, *scopes: Scope, client: TokenClient = TokenClient.PROGRAM) -> None:
        _token, self.shown = tokens.make(user, f"Program {next(_numbers)}", scopes, client)
        self.client = Client(enforce_csrf_checks=True)

    def ask(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        """Send a request; return its answer."""
        sent = {"Authorization": f"Bearer {self.shown}", **headers}
        content = body if isinstance(body, (str, bytes)) else json.dumps(body)
        data = {} if body is None else {"data": content, "content_type": "application/json"}
        return self.client.generic(method, path, headers=sent, **data)  # type: ignore[arg-type]

    def get(self, path: str, **headers: str) -> Any:
        """Read."""
        return self.ask("GET", path, **headers)

    def pages(self, path: str, rows: str) -> list[list[Any]]:
        """Read all pages of a list."""
        found, cursor = [], ""
        while True:
            answer = self.get(f"{path}&cursor={cursor}" if cursor else path)
            assert answer.status_code == 200, answer.content
            found.append(answer.json()[rows])
            cursor = answer.json()["next"]
            if not cursor:
                return found

    def wrong(self, path: str) -> dict[str, str]:
        """Read what is refused: what is wrong by the name of the value."""
        answer = self.get(path)
        assert answer.status_code == 422, answer.content
        return {one["field"]: one["message"] for one in answer.json()["problems"]}

    def put(self, path: str, body: object, **headers: str) -> Any:
        """Change."""
        return self.ask("PUT", path, body, **headers)
