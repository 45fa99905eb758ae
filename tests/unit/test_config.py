from pathlib import Path

import pytest
import yaml

from judge_vision.config import Config, field_types, read_config
from judge_vision.failure import UserError
from judge_vision.workflow.session import rule_settings

CONFIG = Path(__file__).parents[2] / "config"
REGISTRY = CONFIG.parent / "examples" / "competitions" / "club-round.toml"


def shipped():
    merged = {}
    for name in ("thresholds.yaml", "config.yaml"):
        merged |= yaml.safe_load((CONFIG / name).read_text())
    return merged


def test_the_shipped_files_hold_every_key_with_the_models_default():
    assert shipped() == Config().model_dump(mode="json")


def test_every_shipped_key_has_a_comment():
    for name in ("thresholds.yaml", "config.yaml"):
        lines = (CONFIG / name).read_text().splitlines()
        for number, line in enumerate(lines):
            if ":" in line and not line.lstrip().startswith("#") and not line.rstrip().endswith(":"):
                assert " # " in line or lines[number - 1].lstrip().startswith("#"), f"{name}: {line}"


@pytest.mark.parametrize(
    ("raw", "line"),
    [
        ({"fotos": "x"}, "unknown config key fotos; did you mean photos?"),
        ({"iqa": {"max_sid": 3}}, "unknown config key iqa.max_sid; did you mean iqa.max_side?"),
        ({"mono": {"off_curv": 3}}, "unknown config key mono.off_curv"),
        ({"iqa.max_side": 3}, "unknown config key iqa.max_side; on the command line write iqa='{max_side: VALUE}'"),
        ({"iqa": "max_side"}, "config key iqa: a section with keys is expected, not 'max_side'"),
        ({"photos": 202405}, "config key photos: was read as the int 202405; write it with a slash, as in ./2024_05"),
        (
            {"photographs_per_job": 0},
            "config key photographs_per_job: input should be greater than or equal to 1 (given: 0)",
        ),
        (
            {"tonal": {"low_percentile": -1}},
            "config key tonal.low_percentile: input should be greater than or equal to 0",
        ),
        ({"tonal": {"black_point": 0.99}}, "config key tonal: black_point must not be more than white_point"),
        ({"light": {"low_contrast": 1.1}}, "config key light.low_contrast: input should be less than or equal to 1"),
        ({"mono": {"long_side_px": 0}}, "config key mono.long_side_px: input should be greater than or equal to 1"),
        (
            {"mono": {"split_fail_deg": 181}},
            "config key mono.split_fail_deg: input should be less than or equal to 180",
        ),
        ({"borders": {"white_from": 256}}, "config key borders.white_from: input should be less than or equal to 255"),
        ({"prepare": {"raw_preview_min_share": 2}}, "config key prepare: raw_preview_min_share must be 0 to 1"),
        ({"service": {"idle_s": -1}}, "config key service: idle_s must not be less than 0"),
        ({"calibration": {"seed": -1}}, "config key calibration.seed: input should be greater than or equal to 0"),
        ({"photos": "a\0b"}, "config key photos: 'a\\x00b' holds a zero byte"),
        ({"contact_sheet": {"font": "\0"}}, "config key contact_sheet.font: '\\x00' holds a zero byte"),
        ({"competition": {"rounds": ["a", "\0"]}}, "config key competition.rounds: '\\x00' holds a zero byte"),
        ({"strict": "perhaps"}, "config key strict: input should be a valid boolean"),
    ],
)
def test_a_mistake_is_one_line_that_names_the_key_and_what_was_meant(raw, line):
    with pytest.raises(UserError) as caught:
        read_config(raw)
    assert str(caught.value).startswith(line)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("value", [float("inf"), float("-inf"), float("nan"), "1e999"])
def test_no_setting_is_infinite_or_no_number(value):
    sections = {name: section for name, section in shipped().items() if isinstance(section, dict)}
    keys = [(name, key) for name, one in sections.items() for key in one if isinstance(one[key], float)]
    assert len(keys) > 40
    for name, key in keys:
        with pytest.raises(UserError, match=f"config key {name}.{key}: input should be a finite number"):
            read_config({name: {key: value}})
    with pytest.raises(UserError, match="stars_limits"):
        read_config({"xmp": {"stars_from": "cutoffs", "stars_limits": [1, 2, 3, value]}})


def test_text_from_the_command_line_is_read_as_what_it_means():
    config = read_config({"strict": "false", "photographs_per_job": "7", "iqa": {"max_side": "512"}})
    assert (config.strict, config.photographs_per_job, config.iqa.max_side) == (False, 7, 512)


def test_relative_paths_are_taken_from_the_folder_of_the_call(tmp_path):
    config = read_config({"photos": "a b", "results": "/r"}).resolved(tmp_path)
    assert (config.photos, config.results) == (str(tmp_path / "a b"), "/r")


def test_a_prompt_of_ones_own_is_a_path_and_one_that_ships_a_name(tmp_path):
    raw = {"stage2": {"prompt": "./own.toml"}, "ranking": {"calibration": "a.json"}, "calibration": {"marks": "m.csv"}}
    config = read_config(raw).resolved(tmp_path)
    assert (config.stage2.prompt, config.playoff.prompt) == (str(tmp_path / "own.toml"), "playoff.toml")
    assert config.ranking.calibration == str(tmp_path / "a.json") and config.calibration.marks == str(
        tmp_path / "m.csv"
    )


def test_every_section_names_its_keys():
    assert {"max_side", "batch_size"} <= set(field_types(Config)["iqa"].model_fields)


def test_a_bundle_is_a_name_or_a_folder_seen_from_the_call(tmp_path):
    config = read_config({"models": {"bundle": "mine", "root": "weights"}}).resolved(tmp_path)
    assert (config.models.bundle, config.models.root) == (str(tmp_path / "mine"), str(tmp_path / "weights"))
    assert read_config({}).resolved(tmp_path).models.bundle == "embedded"


@pytest.mark.parametrize(
    ("raw", "title"),
    [
        ({}, "Judge Vision"),
        ({"compliance": {"registry": str(REGISTRY)}}, "Club round of projected images"),
        ({"compliance": {"registry": str(REGISTRY)}, "report": {"title": "Autumn"}}, "Autumn"),
    ],
)
def test_pages_and_sheets_are_headed_by_the_competition_unless_a_title_is_given(raw, title):
    settings = rule_settings(read_config(raw))
    assert {settings[rule]["title"] for rule in ("report", "score_sheet", "contact_sheet", "author_packs")} == {title}
