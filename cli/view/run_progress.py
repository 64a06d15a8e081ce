"""The progress of a run in one line: instances, calls, what it waits for, and how long the rest may take. Pure."""

from __future__ import annotations

from dataclasses import dataclass

FEW = 20
"""Instances from which on the time of the rest can be told from that of those that are done."""


@dataclass
class RunProgress:
    """Times by the monotonic clock. total: of instances, 0 = not known yet. waiting_until: when the next call may be made."""

    began: float
    done: int = 0
    total: int = 0
    waiting_until: float = 0.0

    def text(self, now: float, calls: int) -> str:
        """Say how far the run is."""
        total = max(self.total, self.done)  # more were launched since, or a listing that began again shows some twice
        known = f"{self.done:,} of {total:,} instances" if self.total else "listing instances"
        parts = [known, f"{calls:,} {'call' if calls == 1 else 'calls'}"]
        if (wait := self.waiting_until - now) >= 1:
            parts.append(f"waiting {wait:.0f} s for ECS's next minute")
        elif FEW <= self.done < self.total:
            parts.append(f"about {duration((now - self.began) * (self.total - self.done) / self.done)} left")
        return ", ".join(parts)


def duration(seconds: float) -> str:
    """Return `40 s`, `3 min` or `2 h 5 min`."""
    if seconds < 90:
        return f"{max(1, seconds):.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60} min"
