"""The number by which processes learn that somebody's rights became fewer."""

from __future__ import annotations

from api.access.epoch import Epoch


class Overtaken:
    """A number that is turned by others between somebody's look at it and their writing it."""

    def __init__(self, epoch: Epoch, seen: list[int]) -> None:
        self.value, self.epoch, self.seen, self.others = 0, epoch, seen, 2

    def __getitem__(self, _: int) -> int:
        return self.value

    def __setitem__(self, _: int, value: int) -> None:
        while self.others:
            self.others -= 1
            self.epoch.turn()
            self.seen.append(self.epoch.now)
        self.value = value


def test_a_turn_that_was_overtaken_brings_no_earlier_number_back() -> None:
    epoch, seen = Epoch(), []
    epoch._number = Overtaken(epoch, seen)  # type: ignore[assignment]
    epoch.turn()
    assert len({0, *seen}) == 3
    assert epoch.now not in {0, *seen}
