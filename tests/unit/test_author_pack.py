"""Results packs: an author gets all of the own entries, and nothing of anyone else's."""

import csv
import io
import re
import zipfile
from html.parser import HTMLParser

import pytest

from judge_vision.exports.author_pack import FOLDER, INDEX, write_packs
from tests.unit import later_tables, report_results

HOSTILE = '</title></style><script>document.title="owned"</script><img src=x onerror=alert(1)>"\'&\u202e'
NAMES = ("../../etc/passwd", "CON", "a/b\\c:d*?", "=cmd|' /C calc'!A0", "x" * 300, HOSTILE, "李 雷", "  .  ")


@pytest.fixture
def results(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def read(path):
    with zipfile.ZipFile(path) as archive:
        assert sorted(archive.namelist()) == ["results.html", "scores.csv"]
        page = archive.read("results.html").decode()
        lines = list(csv.reader(io.StringIO(archive.read("scores.csv").decode("utf-8-sig"), newline="")))
    return page, lines


def packs():
    lines = csv.DictReader(INDEX.read_text(encoding="utf-8-sig").splitlines())
    return {line["Author"]: line["Pack"] for line in lines}


class Tags(HTMLParser):
    """The start tags of a page and its text."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.text = [], ""
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data):
        self.text += data


def test_each_author_gets_all_own_entries_and_no_others(results):
    made = report_results.photographs(20)
    report_results.write(results, made)
    later_tables.write()
    assert len(write_packs("Autumn round")) == 4
    for author, path in packs().items():
        page, lines = read(path)
        # the author of one that failed is not known without a list
        entered = [one for one in made if one["compliance"]["author"] == author]
        own = {one["image"] for one in entered if isinstance(one["prepare"], dict)}
        others = {one["image"] for one in made} - own
        assert all(image in page for image in own) and not any(image in page for image in others)
        assert not any(name in page for name in report_results.AUTHORS if name != author)
        assert {line[lines[0].index("File")] for line in lines[1:]} == own
        assert page.count("data:image/jpeg;base64,") == len(own)
        assert later_tables.NOTICE in page and "no human ratings" in page


def test_a_pack_has_scores_reasons_and_critique(results):
    report_results.write(results, report_results.photographs(12))
    later_tables.write()
    write_packs("Autumn round")
    pages = [Tags(read(path)[0]).text for path in packs().values()]
    together = "\n".join(pages)
    for expected in (
        later_tables.CRITIQUE, "First", "Merit", "Mark 1", "Rank 1 of 9", "of the others", "The picture is 1600x1067",
        "Does not comply:", "with the rules that a program can check", report_results.SUMMARY,
        "Colour off the tone curve",
    ):  # fmt: skip
        assert expected in together, expected


def test_hostile_names_are_safe_file_names_and_text(results):
    made = report_results.photographs(len(NAMES))
    for one, name in zip(made, NAMES, strict=True):
        one["image"] = f"{HOSTILE} {name[:40]}.jpg"
        one["compliance"] |= {
            "author": name, "title": HOSTILE, "category": HOSTILE, "compliance_warnings": [HOSTILE],
        }  # fmt: skip
        one["tonal"]["tonal_summary"] = HOSTILE
        one["mono"]["mono_reason"] = HOSTILE
        for broken in one["compliance"]["findings"]:
            broken["sentence"] = HOSTILE
    report_results.write(results, made)
    later_tables.write(HOSTILE)
    written = write_packs(HOSTILE)
    assert len(written) == len(NAMES)
    files = list(results.rglob("*.zip"))
    assert {path.parent for path in files} == {results / FOLDER}
    assert all(re.fullmatch(r"[A-Za-z0-9._-]{5,70}", path.name) and not path.name.startswith(".") for path in files)
    assert len({path.name.lower() for path in files}) == len(NAMES)
    for path in files:
        page, lines = read(path)
        tags = Tags(page)
        assert not [tag for tag, _ in tags.tags if tag in ("script", "iframe", "object", "form", "a", "link")]
        assert all(one["src"].startswith("data:image/jpeg") for tag, one in tags.tags if tag == "img")
        assert not any(name.startswith("on") for _, one in tags.tags for name in one)
        assert "default-src 'none'" in page and "\u202e" not in page
        # a minus sign is that of a figure
        cells = [cell for line in lines for cell in line]
        assert not [cell for cell in cells if re.match(r"[=+@]|-(?![0-9.]+$)", cell)]
    assert "'=cmd|" in INDEX.read_text()


def test_findings_on_duplicates_name_no_other_authors_file(results):
    made = report_results.photographs(8)
    first, second = made[0], made[1]  # two authors
    own = made[4]  # of the first one's
    said = {
        "secret": f'The entry looks like "{second["image"]}"; a person has to compare them.',
        "open": f'The entry looks like "{own["image"]}"; a person has to compare them.',
        "same": f'The entry is the same file as "{second["image"]}".',
    }

    def alike(sentence, image):
        return {"rule": "no_near_duplicates", "severity": "warn", "status": "refer", "limit": {"max_bits": 4},
                "measured": {"alike": [{"image": image, "bits": 2}], "count": 1}, "sentence": sentence}  # fmt: skip

    findings = {
        first["image"]: [
            alike(said["secret"], second["image"]),
            {"rule": "no_exact_duplicates", "severity": "reject", "status": "does_not_comply", "limit": True,
             "measured": second["image"], "sentence": said["same"]},
        ],
        own["image"]: [
            alike(said["open"], own["image"]),
            {"rule": "numbers", "severity": "warn", "status": "does_not_comply", "limit": "unique", "measured": 1,
             "sentence": f'The number 1 is used twice; the other is "{second["image"]}".'},
        ],
    }  # fmt: skip
    report_results.write(results, made, findings)
    write_packs("t")
    page, lines = read(packs()[first["compliance"]["author"]])
    text = Tags(page).text
    assert second["image"] not in page and second["image"] not in str(lines)
    assert "The entry looks like another entry" in text and "the same file as another entry" in text
    assert said["open"] in text and "The number of the entry is used twice." in text


def test_spellings_of_a_name_are_one_author_and_no_author_no_pack(results, caplog):
    made = report_results.photographs(4)
    for one, name in zip(made, ("Ångström, K.", "ANGSTROM,  K.", None, ""), strict=True):
        one["compliance"]["author"] = name
    report_results.write(results, made)
    assert len(write_packs("t")) == 1
    assert "2 of 4 photographs have no author" in caplog.text
    stale = FOLDER / "left-behind.zip"
    stale.write_bytes(b"x")
    first = {path: path.read_bytes() for path in write_packs("t")}
    assert not stale.exists() and all(path.read_bytes() == data for path, data in first.items())
