"""Every message that a user can meet: it says what to do, and a test provokes it."""

import ast
from pathlib import Path

import pytest

from judge_vision.reference.errors import messages, provoking_tests
from tests.record_messages import pattern

ROOT = Path(__file__).parents[2]
MESSAGES = messages()


def test_the_code_has_the_messages_that_people_have_met():
    said = {message.text for message in MESSAGES}
    assert len(said) > 200
    assert "the photo folder ‹photos› does not exist; set it with --config photos=FOLDER" in said
    assert "‹path› is not JSON (‹error›); fetch the bundle again" in said
    assert any(message.source == "config.py" for message in MESSAGES), "yielded ones too"


def test_every_message_says_what_to_do():
    assert not [f"{one.source}:{one.line} {one.text}" for one in MESSAGES if not one.remedy]


def test_every_message_is_provoked_by_a_test():
    provoked = provoking_tests()
    assert not [f"{one.source}:{one.line} {one.text}" for one in MESSAGES if one.text not in provoked]
    assert set(provoked) == {one.text for one in MESSAGES}, "a row of a message that is no more"


@pytest.mark.parametrize("path", sorted({test.partition("::")[0] for test in provoking_tests().values()}))
def test_a_named_test_is_there(path):
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    there = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    assert {name.partition("::")[2] for name in provoking_tests().values() if name.startswith(f"{path}::")} <= there


def test_a_pattern_finds_its_message_and_no_other():
    found = pattern("the list ‹path› has no rows; name a photograph in each")
    assert found.search("judge-vision: the list /a b.csv has no rows; name a photograph in each")
    assert not found.search("the list /a b.csv has the column x twice; keep one of them")
