"""How long a loop was asleep and awake, and how long its iterations kept others waiting.

Owns the sums of one engine; the native engine has them as members of its own, and its own `_enter`.
The invariant: the clock is read where the loop falls asleep and where it wakes, and never in an
iteration that does not wait; so busy and idle time together are the time that the loop ran.
"""

from time import monotonic_ns
from typing import Dict


class Times:
    """The times of `Turning`, in nanoseconds."""

    turns: int
    #: When it woke or began to run; 0 while it does not run.
    woke_ns: int
    #: How many turns there were by then.
    woke_turn: int
    idle_ns: int
    busy_ns: int
    lag_ns: int
    lag_max_ns: int

    def begin(self) -> None:
        """The loop begins to run."""
        self.woke_ns, self.woke_turn = monotonic_ns(), self.turns

    def rests(self) -> None:
        """The loop stops."""
        self._sleeps()
        self.woke_ns = 0

    def _sleeps(self) -> None:
        """The loop is about to wait: what was busy since it woke ends here."""
        if self.woke_ns:
            now = monotonic_ns()
            awake = now - self.woke_ns
            self.busy_ns += awake
            self.lag_ns = awake // (self.turns - self.woke_turn + 1)
            self.lag_max_ns = max(self.lag_max_ns, self.lag_ns)
            self.woke_ns = now

    def _wakes(self) -> None:
        """The wait is over."""
        if self.woke_ns:
            now = monotonic_ns()
            self.idle_ns += now - self.woke_ns
            self.woke_ns, self.woke_turn = now, self.turns

    def times(self) -> Dict[str, int]:
        """The sums, with what the loop is at now."""
        busy, lag, longest = self.busy_ns, self.lag_ns, self.lag_max_ns
        if self.woke_ns:
            awake = monotonic_ns() - self.woke_ns
            busy += awake
            longest = max(longest, awake // (self.turns - self.woke_turn + 1))
        return {"busy_ns": busy, "idle_ns": self.idle_ns, "lag_ns": lag, "lag_max_ns": longest}
