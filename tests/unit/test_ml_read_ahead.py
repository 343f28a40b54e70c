"""Reading on threads beside the one that trains."""

from __future__ import annotations

import threading
from functools import partial

import pytest

from studio.core.errors import BadInput
from studio.ml.data.read_ahead import ReadAhead, Reading


def nothing() -> None: ...


def test_what_is_wanted_comes_before_what_was_added_earlier() -> None:
    order: list[int] = []
    held, begun, all_read = threading.Event(), threading.Event(), threading.Event()

    def read(number: int) -> None:
        order.append(number)
        begun.set()
        held.wait(10)
        if len(order) == 6:
            all_read.set()

    readings = [Reading(partial(read, number)) for number in range(6)]
    ahead = ReadAhead(1)
    ahead.add(readings)
    ahead.want(readings[4:5])
    assert begun.wait(10)
    ahead.want(readings[3:4])
    held.set()
    for _ in range(2):
        ahead.wait_for(readings[3:5], nothing)
    assert all_read.wait(10)
    assert order == [4, 3, 0, 1, 2, 5]
    ahead.close()


def test_what_is_waited_for_alone_begins_nothing_else() -> None:
    order: list[int] = []
    readings = [Reading(partial(order.append, number)) for number in range(6)]
    ahead = ReadAhead(1)
    ahead.add(readings)
    for number in (5, 3, 4):
        ahead.wait_for(readings[number : number + 1], nothing, alone=True)
    ahead.wait_for(readings[2:3], nothing)
    ahead.close()
    assert order == [5, 3, 4, 2]


def test_nothing_is_read_before_something_is_wanted() -> None:
    read: list[str] = []
    ahead = ReadAhead(2)
    ahead.add([Reading(partial(read.append, "train")), Reading(partial(read.append, "valid"))])
    assert read == []
    ahead.close()


def test_the_rest_is_read_by_itself_from_the_second_wait_on() -> None:
    last = threading.Event()
    ahead = ReadAhead(1)
    first, second = Reading(nothing), Reading(nothing)
    ahead.add([first, second, Reading(last.set)])
    ahead.wait_for([first], nothing)
    assert not last.wait(0.05), "the first batch has the machine for itself"
    ahead.wait_for([second], nothing)
    assert last.wait(10)
    ahead.close()


def test_an_error_met_in_the_background_is_raised_where_anything_is_waited_for() -> None:
    met = threading.Event()

    def fail() -> None:
        met.set()
        raise BadInput("labels/4.png does not fit.")

    ahead = ReadAhead(1)
    first = Reading(nothing)
    failing = Reading(fail)
    ahead.add([first, failing, Reading(nothing)])
    ahead.want([failing])
    assert met.wait(10)
    ahead.close()
    with pytest.raises(BadInput, match=r"labels/4\.png"):
        ahead.wait_for([first], nothing)


def test_who_waits_can_give_up() -> None:
    held, begun = threading.Event(), threading.Event()

    def read() -> None:
        begun.set()
        held.wait(10)

    slow = Reading(read)
    ahead = ReadAhead(1)
    ahead.add([slow])
    ahead.want([slow])
    assert begun.wait(10)

    def give_up() -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        ahead.wait_for([slow], give_up)
    held.set()
    ahead.close()


def test_closing_drops_what_has_not_begun() -> None:
    held, begun = threading.Event(), threading.Event()

    def read() -> None:
        begun.set()
        held.wait(10)

    first, second = Reading(read), Reading(nothing)
    ahead = ReadAhead(1)
    ahead.add([first, second])
    ahead.want([first])
    assert begun.wait(10)
    closing = threading.Thread(target=ahead.close)
    closing.start()
    held.set()
    closing.join()
    assert (first.done, second.done) == (True, False)
