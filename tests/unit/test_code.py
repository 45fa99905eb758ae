from pathlib import Path

from judge_vision.workflow.code import Code

SCRIPT = "from judge_vision.metrics import tonal\nfrom judge_vision.workflow import shard\n"


def project(root: Path) -> Path:
    for name, text in {
        "judge_vision/__init__.py": "",
        "judge_vision/metrics/__init__.py": "",
        "judge_vision/metrics/tonal.py": "def f():\n    from judge_vision.metrics import light\n",
        "judge_vision/metrics/light.py": "try:\n    pass\nexcept OSError:\n    import judge_vision.metrics.late\n",
        "judge_vision/metrics/late.py": "",
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
    found = {path.relative_to(tmp_path).as_posix() for path in Code(tmp_path).files(script)}
    assert {"judge_vision/metrics/light.py", "judge_vision/metrics/late.py"} <= found
    assert "judge_vision/metrics/mono.py" not in found


def test_an_edit_counts_where_the_code_is_used(tmp_path):
    script = project(tmp_path)
    all_code, measuring = Code(tmp_path).digest(script, carriers=True), Code(tmp_path).digest(script, carriers=False)
    (tmp_path / "judge_vision/metrics/mono.py").write_text("# other")
    assert Code(tmp_path).digest(script, carriers=True) == all_code
    (tmp_path / "judge_vision/workflow/shard.py").write_text("# carries")
    assert Code(tmp_path).digest(script, carriers=True) != all_code
    assert Code(tmp_path).digest(script, carriers=False) == measuring
    (tmp_path / "judge_vision/metrics/light.py").write_text("# measures")
    assert Code(tmp_path).digest(script, carriers=False) != measuring


def test_a_file_is_read_once_for_all_rules(tmp_path, monkeypatch):
    script = project(tmp_path)
    other = script.with_name("light.py")
    other.write_text(SCRIPT)
    read = []
    whole = Path.read_bytes
    monkeypatch.setattr(Path, "read_bytes", lambda path: (read.append(path), whole(path))[1])
    code = Code(tmp_path)
    for one in (script, other):
        for carriers in (False, True):
            code.digest(one, carriers)
    assert len(read) == len(set(read)) == len({*code.files(script), *code.files(other)})
