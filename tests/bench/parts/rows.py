# SPDX-License-Identifier: Apache-2.0
"""What a bench prints: numbers beside their goals, and never a verdict by exit status."""

import statistics
import time

from harness import tools


def middle(values):
    return statistics.median(values)


def yardstick():
    """Seconds of processor time for a fixed amount of work: how fast is this machine just now?"""
    started = time.process_time()
    total = 0
    for n in range(4_000_000):
        total += n & 7
    return time.process_time() - started


class Rows:
    """A table that grows section by section; printed whole at the end."""

    def __init__(self):
        self._lines = []

    def section(self, title):
        self._lines.append((title, None, None))

    def add(self, what, value, goal=""):
        """A number without a goal, or with one that nobody can check here."""
        self._lines.append((what, value, goal))

    def below(self, what, number, limit, show):
        """A number whose goal is to be below a limit; `show` makes text of either."""
        verdict = "met" if number < limit else "NOT met"
        self._lines.append((what, show(number), f"goal: below {show(limit)}: {verdict}"))

    def at_most(self, what, number, limit, show):
        verdict = "met" if number <= limit else "NOT met"
        self._lines.append((what, show(number), f"goal: at most {show(limit)}: {verdict}"))

    def at_least(self, what, number, limit, show):
        verdict = "met" if number >= limit else "NOT met"
        self._lines.append((what, show(number), f"goal: at least {show(limit)}: {verdict}"))

    def show(self):
        numbers = [line for line in self._lines if line[1] is not None]
        if not numbers:
            return
        wide = max(len(what) for what, _, _ in numbers)
        high = max(len(value) for _, value, _ in numbers)
        for what, value, goal in self._lines:
            if value is None:
                tools.say(f"\n{what}")
            else:
                tools.say(f"  {what:{wide}}  {value:>{high}}  {goal}".rstrip())


def megabytes(number):
    return f"{number / 1e6:.2f} MB"


def mebibytes(number):
    return f"{number / (1 << 20):.1f} MiB"


def milliseconds(number):
    return f"{number * 1e3:.0f} ms"


def seconds(number):
    return f"{number:.2f} s"


def ratio(number):
    return f"{number:.2f}"


def count(number):
    return f"{number:.0f}"
