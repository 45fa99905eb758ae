"""Names of objects; the rest of the bucket is in tests/storage, against a server."""

from judge_vision.workflow import bucket


def test_names_of_objects_that_can_be_files():
    names = [
        "a.jpg",
        "b/c.jpg",
        "b/../../x",
        "/root.jpg",
        "d//e",
        "f/.",
        "g\0",
        "h",
        "h/i",
        "j" * 256,
        "é" * 127,
        "é" * 128,
        "k/",
    ]
    assert bucket._files(names) == ["a.jpg", "b/c.jpg", "h/i", "é" * 127]
