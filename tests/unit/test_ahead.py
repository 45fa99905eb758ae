"""Reading ahead: the order, how far, and what happens to an exception."""

import threading
import time

import pytest

from judge_vision.workflow.ahead import read_ahead


def test_all_come_in_their_order_in_lists():
    with read_ahead(lambda item: item * 10, range(7), 3) as batches:
        assert list(batches) == [[0, 10, 20], [30, 40, 50], [60]]
    with read_ahead(str, [], 3) as batches:
        assert list(batches) == []


def test_reading_begins_before_anything_is_taken_and_stays_two_lists_ahead():
    read, enough = [], threading.Event()

    def note(item):
        read.append(item)
        if len(read) == 4:
            enough.set()

    with read_ahead(note, range(20), 2) as batches:
        assert enough.wait(10)
        time.sleep(0.05)
        assert read == [0, 1, 2, 3]
        next(batches)
        assert len(read) <= 6


def test_an_exception_comes_with_its_list():
    def read(item):
        if item == 3:
            raise ValueError("three")
        return item

    with read_ahead(read, range(4), 2) as batches:
        assert next(batches) == [0, 1]
        with pytest.raises(ValueError, match="three"):
            next(batches)


def test_who_stops_early_waits_for_nothing():
    going_on = threading.Event()

    def read(item):
        if item:
            going_on.wait(10)
        return item

    started = time.monotonic()
    with read_ahead(read, range(100), 1) as batches:
        assert next(batches) == [0]
    assert time.monotonic() - started < 5
    going_on.set()
