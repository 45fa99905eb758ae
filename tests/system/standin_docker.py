"""A STAND-IN for the docker command, for tests of what calls it: it runs the command of `docker run` on this machine.

It takes the command lines that judge_vision/engines/container.py writes, keeps standard input open to the command as
the real one does, and passes only the environment it is given. It isolates nothing. The folder in $STANDIN_DOCKER gets
a file for each running container, with its name, and the line it was started with.
"""

import os
import signal
import subprocess
import sys
from pathlib import Path

STATE = Path(os.environ.get("STANDIN_DOCKER", "."))


def run(arguments):
    """docker run OPTIONS --entrypoint=python IMAGE ARGUMENTS"""
    end = arguments.index("--entrypoint=python")
    options, command = arguments[:end], arguments[end + 2 :]
    value = {option.partition("=")[0]: option.partition("=")[2] for option in options}
    given = [option.removeprefix("--env=") for option in options if option.startswith("--env=")]
    environment = {name.partition("=")[0]: name.partition("=")[2] or os.environ[name] for name in given}
    environment |= {key: os.environ[key] for key in ("PATH", "XDG_RUNTIME_DIR")}
    process = subprocess.Popen([sys.executable, *command], cwd=value["--workdir"], env=environment)
    (STATE / value["--name"]).write_text(f"{process.pid}\n{' '.join(arguments)}")
    status = process.wait()
    (STATE / value["--name"]).unlink(missing_ok=True)
    return status


def remove(name):
    """docker rm --force NAME"""
    if (STATE / name).exists():
        os.kill(int((STATE / name).read_text().split()[0]), signal.SIGKILL)
        (STATE / name).unlink(missing_ok=True)
    return 0


def main(arguments):
    if arguments[0] == "run":
        return run(arguments[1:])
    if arguments[:2] == ["rm", "--force"]:
        return remove(arguments[2])
    print("sha256:stand-in" if arguments[0] == "image" else "")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
