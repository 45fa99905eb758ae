"""Which files the processes of a run open: the run is given a folder of this on PYTHONPATH."""

from pathlib import Path

# Python imports a module of this name at every start: here it notes what each process opens of what is named.
_WATCH = """
import os, sys
def watch(event, arguments):
    if event == "open" and isinstance(arguments[0], str) and arguments[0].startswith({starts!r}):
        note = os.open({log!r}, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
        os.write(note, (arguments[0] + chr(10)).encode())
        os.close(note)
sys.addaudithook(watch)
"""


def write_watcher(folder: Path, log: Path, *starts: str) -> None:
    """Write the module into `folder`: each path opened that begins with one of `starts` becomes a line of `log`."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "sitecustomize.py").write_text(_WATCH.format(starts=starts, log=str(log.resolve())))
