"""Reading a registry: what is accepted, and the one line that refuses a mistake."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from judge_vision.compliance.explain import explain, explain_registry
from judge_vision.compliance.known_rules import RULES
from judge_vision.compliance.registry import load_registry, select
from judge_vision.compliance.rules import Rules
from judge_vision.failure import UserError

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "examples" / "competitions").glob("*.toml"))


def write(folder: Path, body: str) -> Path:
    path = folder / "rules.toml"
    path.write_text('[competition.a]\nname = "A"\n' + textwrap.dedent(body), encoding="utf-8")
    return path


def refusal(folder: Path, body: str) -> str:
    with pytest.raises(UserError) as caught:
        load_registry(write(folder, body))
    return str(caught.value).replace(str(folder / "rules.toml"), "FILE")


def test_three_examples_ship_and_read_well_in_words() -> None:
    assert [path.stem for path in EXAMPLES] == ["club-round", "exact-fill", "salon"]
    texts = {path.stem: explain_registry(load_registry(path)) for path in EXAMPLES}
    assert "at most 1600 pixels wide (else a corrected copy is made)" in texts["club-round"]
    assert "Distinction: 18 to 20" in texts["club-round"]
    assert "exactly 1400 x 1050 pixels" in texts["exact-fill"]
    assert "filled with #000000" in texts["exact-fill"]
    assert "One side is exactly as long as the maximum" in texts["salon"]
    assert "Section Nature" in texts["salon"]
    assert "The picture is colour or neutral monochrome" in texts["salon"]
    assert "None" not in "".join(texts.values())


def test_every_rule_can_be_said_in_words_and_each_is_a_key() -> None:
    assert set(RULES) - {"section"} <= set(Rules.model_fields)


def test_section_overrides_only_what_it_sets(tmp_path: Path) -> None:
    competition = load_registry(
        write(
            tmp_path,
            """
            [competition.a.rules]
            max_width = 1600
            border_max_px = 20
            [competition.a.sections.nature]
            name = "Nature"
            border_max_px = 5
            """,
        )
    ).competition["a"]
    assert competition.rules_for("nature").border_max_px == 5
    assert competition.rules_for("nature").max_width == 1600
    assert competition.rules_for(None).border_max_px == 20


def test_name_of_the_reference_system_is_understood(tmp_path: Path) -> None:
    path = write(tmp_path, "[competition.a.rules]\nentries_per_round = 3\n")
    assert load_registry(path).competition["a"].rules.entries_per_author == 3
    both = "[competition.a.rules]\nentries_per_round = 3\nentries_per_author = 3\n"
    assert "are the same rule; keep one" in refusal(tmp_path, both)


@pytest.mark.parametrize(
    ("body", "line"),
    [
        (
            "[competition.a.rules]\nmax_widht = 5\n",
            "FILE: [competition.a.rules] unknown key max_widht; did you mean max_width?",
        ),
        ("note = 'x'\n", "FILE: [competition.a] unknown key note; did you mean notes?"),
        (
            "max_width = 5\n",
            "FILE: [competition.a] unknown key max_width; it belongs in [competition.a.rules]",
        ),
        (
            "[competition.a.rules]\nnotes = 'x'\n",
            "FILE: [competition.a.rules] unknown key notes; it belongs in [competition.a]",
        ),
        (
            "[competition.a.rules]\nvolcanoes = 'x'\n",
            "FILE: [competition.a.rules] unknown key volcanoes; a rule in words belongs in [competition.a.text_rules]",
        ),
        (
            "[competition.a.sections.m]\nname = 'M'\nalowed_modes = 'toned'\n",
            "FILE: [competition.a.sections.m] unknown key alowed_modes; did you mean allowed_modes?",
        ),
        (
            "[competition.a.sections.m]\nname = 'M'\nfilename_pattern = 'x'\n",
            "FILE: [competition.a.sections.m] unknown key filename_pattern; "
            "it belongs to the whole competition, in [competition.a.rules]",
        ),
        ("[competition.a.sections.m]\n", "FILE: [competition.a.sections.m] name is missing"),
        (
            "[competition.a.rules]\nmax_width = '1600'\n",
            "FILE: [competition.a.rules] max_width should be a valid integer, not '1600'",
        ),
        (
            "[competition.a.rules]\nmax_width = true\n",
            "FILE: [competition.a.rules] max_width should be a valid integer, not True",
        ),
        (
            "[competition.a.rules]\nformats = ['JPEG', 'JPG']\n",
            "FILE: [competition.a.rules] formats (item 2) should be 'JPEG', 'PNG', 'TIFF', 'WEBP', 'HEIC', 'AVIF', "
            "'JXL', 'GIF', 'BMP' or 'RAW', not 'JPG'",
        ),
        (
            "[competition.a.rules]\nallowed_modes = []\n",
            "FILE: [competition.a.rules] allowed_modes has too little in it: []",
        ),
        (
            "[competition.a.severity]\nmax_width = 'maybe'\n",
            "FILE: [competition.a.severity] max_width should be 'reject', 'warn' or 'fix', not 'maybe'",
        ),
    ],
)
def test_mistyped_key_or_value_is_named(tmp_path: Path, body: str, line: str) -> None:
    assert refusal(tmp_path, body) == line


@pytest.mark.parametrize(
    ("rules", "line"),
    [
        ("min_width = 1700\nmax_width = 1600", "rules: min_width 1700 is more than max_width 1600"),
        ("min_height = 9\nmax_height = 8", "rules: min_height 9 is more than max_height 8"),
        (
            "exact_size = [1400, 1050]\nmax_width = 1024",
            "rules: exact_size has the width 1400, more than max_width 1024",
        ),
        (
            "exact_size = [1400, 1050]\nmax_height = 768",
            "rules: exact_size has the height 1050, more than max_height 768",
        ),
        ("exact_size = [100, 100]\nmin_height = 300", "rules: exact_size has the height 100, less than min_height 300"),
        ("one_side_exact = true\nmax_width = 1600", "rules: one_side_exact needs max_width and max_height"),
        (
            "one_side_exact = true\nmax_width = 9\nmax_height = 9\nexact_size = [9, 9]",
            "rules: one_side_exact and exact_size exclude each other",
        ),
        ("fill = true", "rules: fill needs exact_size"),
        ("fill_colour = '#ffffff'", "rules: fill_colour needs fill = true"),
        ("borders = 'forbidden'\nborder_max_px = 5", "rules: borders are forbidden and border_max_px is 5"),
        ("borders = 'forbidden'\nborder_colours = 'white'", "rules: borders are forbidden and border_colours is set"),
        ("borders = 'required'\nborder_max_px = 0", "rules: borders are required and border_max_px is 0"),
        (
            "border_tone_matches = true\nallowed_modes = ['colour']",
            "rules: border_tone_matches is set and allowed_modes has no toned",
        ),
        (
            "border_tone_matches = true\nborder_colours = ['white', 'grey']",
            "rules: border_tone_matches is set and border_colours allows only white, grey",
        ),
        ("untagged = 'accept'", "rules: untagged needs colour_space"),
        (
            "untagged = 'accept'\ncolour_space = 'Display P3'",
            "rules: untagged files are accepted as sRGB, which colour_space does not allow",
        ),
        ("allowed_modes = ['toned', 'toned']", "rules: allowed_modes names a mode twice"),
        (
            "allowed_modes = 'colour'\ncolour_mode = 'L'",
            "rules: allowed_modes is colour and colour_mode L has none",
        ),
        ("filename_example = 'x.jpg'", "rules: filename_example needs filename_pattern"),
        (
            "filename_pattern = '(?P<title>.+)'",
            "rules: filename_pattern needs filename_example, a file name that matches it",
        ),
        ("numbers = 'unique'", "rules: numbers needs a filename_pattern with the group number"),
        (
            "filename_pattern = '(?P<title>.+)'\nfilename_example = 'x.jpg'\nnumbers = 'unique'",
            "rules: numbers needs a filename_pattern with the group number",
        ),
        (
            "filename_pattern = '(?P<author>.+)'\nfilename_example = 'x.jpg'\nno_entrant_name_in_filename = true",
            "rules: no_entrant_name_in_filename is set and filename_pattern has the group author",
        ),
        (
            "filename_pattern = '(?P<title>.+)'\nfilename_example = 'four.jpg'\nfilename_max_chars = 5",
            "rules: filename_example is longer than filename_max_chars 5",
        ),
        (
            "[competition.a.severity]\nmax_witdh = 'warn'",
            "severity: there is no rule max_witdh; did you mean max_width?",
        ),
        (
            "[competition.a.severity]\nmax_width = 'warn'",
            "severity: max_width has a severity and is not among the rules",
        ),
        ("[competition.a.severity]\nsection = 'warn'", "severity: section has a severity and is not among the rules"),
        (
            "title_max_chars = 5\n[competition.a.severity]\ntitle_max_chars = 'fix'",
            "severity: no program can fix title_max_chars; choose reject or warn (fixable: max_width, max_height, "
            "one_side_exact, exact_size, max_bytes, formats, colour_space, colour_mode, bit_depth)",
        ),
        (
            "max_width = 5\nformats = 'PNG'\n[competition.a.severity]\nmax_width = 'fix'",
            "severity: fix writes formats JPEG, which the rules do not allow",
        ),
        ("[competition.a.score_bands]\nM = [14, 15]\nC = [15, 17]", "score_bands: M and C overlap"),
    ],
)
def test_contradiction_is_named(tmp_path: Path, rules: str, line: str) -> None:
    assert refusal(tmp_path, f"[competition.a.rules]\n{rules}\n") == f"FILE: [competition.a] {line}"


def test_contradiction_between_a_section_and_the_competition_is_the_sections(tmp_path: Path) -> None:
    body = "rules.borders = 'forbidden'\nsections.n = {name = 'N', border_max_px = 5}\n"
    assert refusal(tmp_path, body) == ("FILE: [competition.a] sections.n: borders are forbidden and border_max_px is 5")


def test_contradiction_of_the_competition_is_said_once(tmp_path: Path) -> None:
    body = "rules.fill = true\nsections.n = {name = 'N', border_max_px = 5}\n"
    assert refusal(tmp_path, body) == "FILE: [competition.a] rules: fill needs exact_size"


def test_two_sections_of_one_name_are_refused(tmp_path: Path) -> None:
    body = "sections.mono = {name = 'Mono'}\nsections.black = {name = 'Black', codes = ['MONO']}\n"
    assert "sections mono and black are both called 'mono'" in refusal(tmp_path, body)
    assert "categories names a section twice" in refusal(tmp_path, "categories = ['Open', 'open']\n")
    assert "both given" in refusal(tmp_path, "categories = ['Open']\nsections.m = {name = 'M'}\n")


def test_several_mistakes_are_all_named(tmp_path: Path) -> None:
    text = refusal(tmp_path, "[competition.a.rules]\nmax_widht = 5\nmax_heigth = 5\n")
    assert len(text.splitlines()) == 2


def test_files_that_are_no_registry(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    with pytest.raises(UserError, match=r"cannot read the registry .*x.toml \(No such file"):
        load_registry(path)
    path.write_text("a = ", encoding="utf-8")
    with pytest.raises(UserError, match=r"x.toml is not TOML \("):
        load_registry(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="not a text file in UTF-8"):
        load_registry(path)
    path.write_text("", encoding="utf-8")
    with pytest.raises(UserError, match="competition is missing"):
        load_registry(path)
    path.write_text("competition = 3", encoding="utf-8")
    with pytest.raises(UserError, match="competition should be a valid dictionary"):
        load_registry(path)


def test_select(tmp_path: Path) -> None:
    one = load_registry(write(tmp_path, ""))
    assert select(one, None).name == select(one, "a").name == "A"
    two = load_registry(write(tmp_path, "[competition.spring]\nname = 'S'\n"))
    with pytest.raises(UserError, match="has 2 competitions; name one: a, spring"):
        select(two, None)
    with pytest.raises(UserError, match="no competition 'sprong'; did you mean 'spring'"):
        select(two, "sprong")


def test_explanation_names_severities(tmp_path: Path) -> None:
    body = "[competition.a.rules]\nmax_width = 9\nmax_height = 8\n[competition.a.severity]\nmax_width = 'warn'\n"
    text = explain(load_registry(write(tmp_path, body)).competition["a"])
    assert "at most 9 pixels wide (else the organiser is told)" in text
    assert "at most 8 pixels high, a portrait too (else it is not eligible)" in text


def test_command_line_explains_and_refuses(tmp_path: Path) -> None:
    script = ROOT / "scripts" / "check_rules.py"
    good = subprocess.run([sys.executable, script, EXAMPLES[0]], capture_output=True, text=True, check=False)
    assert good.returncode == 0
    assert "Club round of projected images" in good.stdout
    bad = write(tmp_path, "rules.max_widht = 3\n")
    refused = subprocess.run([sys.executable, script, bad], capture_output=True, text=True, check=False)
    assert refused.returncode == 1
    assert refused.stderr.strip().endswith("unknown key max_widht; did you mean max_width?")
    assert refused.stderr.count("\n") == 1
