"""A partition's clock runs while it has something to do and stays where it is; whatever else happens sets it back."""

from consumers.stalls import StallClock


def test_it_runs_while_a_partition_stays_where_it_is() -> None:
    clock = StallClock()
    assert clock.stalled(10.0, {0: "here"}) == {0: 0.0}
    assert clock.stalled(12.5, {0: "here"}) == {0: 2.5}
    assert clock.stalled(20.0, {0: "here"}) == {0: 10.0}


def test_a_move_sets_it_back() -> None:
    clock = StallClock()
    clock.stalled(10.0, {0: "here"})
    assert clock.stalled(12.0, {0: "there"}) == {0: 0.0}
    assert clock.stalled(13.0, {0: "there"}) == {0: 1.0}


def test_it_stands_still_where_nothing_is_to_be_done() -> None:
    clock = StallClock()
    clock.stalled(10.0, {0: "here"})
    assert clock.stalled(90.0, {0: None}) == {0: 0.0}
    assert clock.stalled(91.0, {0: "here"}) == {0: 0.0}
    assert clock.stalled(93.0, {0: "here"}) == {0: 2.0}


def test_partitions_have_clocks_of_their_own() -> None:
    clock = StallClock()
    clock.stalled(10.0, {0: "here", 1: "here"})
    assert clock.stalled(15.0, {0: "here", 1: "there"}) == {0: 5.0, 1: 0.0}


def test_a_partition_that_went_elsewhere_and_came_back_starts_anew() -> None:
    clock = StallClock()
    clock.stalled(10.0, {0: "here"})
    assert clock.stalled(20.0, {}) == {}
    assert clock.stalled(30.0, {0: "here"}) == {0: 0.0}
