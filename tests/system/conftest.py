"""A small folder of photographs and a run on it that nothing disturbed, shared by the tests of what disturbs."""

import pytest
from PIL import Image

from tests.system.stage1 import EXAMPLES, MORE, rows, snakemake


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """Five small photographs, one of them grey, and one cut file."""
    folder = tmp_path_factory.mktemp("photos")
    for name in ("Chelsea.jpg", "Drum and wine.jpg", "Coffee break.png", "Mono/Only the bowl.jpg"):
        with Image.open(EXAMPLES / name) as image:
            image.reduce(2).convert("RGB").save(folder / f"{name[-9:]}.jpg")
    with Image.open(EXAMPLES / "Mono" / "The cameraman.png") as image:
        image.save(folder / "grey.tif")
    (folder / "cut.jpg").write_bytes((EXAMPLES / "Astronaut.jpg").read_bytes()[:9000])
    return folder


@pytest.fixture(scope="session")
def undisturbed(photos, tmp_path_factory):
    """The results of a run on `photos`; copy them before you change anything."""
    results = tmp_path_factory.mktemp("undisturbed") / "results"
    status, output = snakemake(results, photos=photos, **MORE)
    assert status == 0, output
    assert sorted(row["status"] for row in rows(results).values()) == ["failed"] + 5 * ["ok"]
    return results
