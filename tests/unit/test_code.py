from pathlib import Path

from judge_vision.workflow.code import code_digest, source_files

SCRIPT = "from judge_vision.metrics import tonal\nfrom judge_vision.workflow import shard\n"


def project(root: Path) -> Path:
    for name, text in {
        "judge_vision/__init__.py": "",
        "judge_vision/metrics/__init__.py": "",
        "judge_vision/metrics/tonal.py": "def f():\n    from judge_vision.metrics import light\n",
        "judge_vision/metrics/light.py": "",
        "judge_vision/metrics/mono.py": "",
        "judge_vision/workflow/__init__.py": "",
        "judge_vision/workflow/shard.py": "",
        "scripts/tonal.py": SCRIPT,
    }.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root / "scripts" / "tonal.py"


def test_what_a_script_runs_is_found_through_its_imports(tmp_path):
    script = project(tmp_path)
    found = {path.relative_to(tmp_path).as_posix() for path in source_files(script, tmp_path)}
    assert "judge_vision/metrics/light.py" in found
    assert "judge_vision/metrics/mono.py" not in found


def test_an_edit_counts_where_the_code_is_used(tmp_path):
    script = project(tmp_path)
    all_code, measuring = code_digest(script, tmp_path, True), code_digest(script, tmp_path, False)
    (tmp_path / "judge_vision/metrics/mono.py").write_text("# other")
    assert code_digest(script, tmp_path, True) == all_code
    (tmp_path / "judge_vision/workflow/shard.py").write_text("# carries")
    assert code_digest(script, tmp_path, True) != all_code
    assert code_digest(script, tmp_path, False) == measuring
    (tmp_path / "judge_vision/metrics/light.py").write_text("# measures")
    assert code_digest(script, tmp_path, False) != measuring
