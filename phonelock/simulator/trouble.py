"""How the simulated publisher misbehaves on command."""

import threading
from dataclasses import dataclass, field

KINDS = {
    "busy": "503 with Retry-After", "refused": "401", "forbidden": "403", "missing": "404", "unsupported": "599",
    "fault": "500 with a fault", "memory": "the fault of too many concurrent requests", "rate": "the rate fault of RIS",
    "nonsense": "200 with a page that is no SOAP", "slow": "the answer after some seconds",
    "silent": "not done, no answer", "cut_before": "hung up, not done", "cut_after": "done, then hung up",
    "half": "done, half of the answer", "late": "hung up at once, done some seconds later",
}  # fmt: skip


@dataclass(slots=True)
class Trouble:
    """One kind of misbehaviour, for some requests."""

    kind: str
    operation: str = "*"
    """Of AXL, or selectCmDevice; * for any."""
    times: int = 1
    """-1: until it is taken back."""
    seconds: float = 1.0
    skip: int = 0
    """How many requests of this kind pass before."""


@dataclass
class Troubles:
    """What is to go wrong next."""

    planned: list[Trouble] = field(default_factory=list)
    guard: threading.Lock = field(default_factory=threading.Lock)

    def plan(self, kind: str, operation: str = "*", **more: float) -> None:
        """Let something go wrong; `more` are the fields of Trouble. Raises ValueError for unknown kinds."""
        if kind not in KINDS:
            raise ValueError(kind)
        with self.guard:
            self.planned.append(Trouble(kind, operation, **more))  # type: ignore[arg-type]

    def clear(self) -> None:
        """Let everything go well again."""
        with self.guard:
            self.planned.clear()

    def take(self, operation: str) -> Trouble | None:
        """Return what goes wrong with this request, None for nothing."""
        with self.guard:
            for one in self.planned:
                if one.operation not in ("*", operation):
                    continue
                if one.skip:
                    one.skip -= 1
                    continue
                one.times -= 1
                if one.times == 0:
                    self.planned.remove(one)
                return one
        return None
