"""Run another script of this folder inside a one-off container, for as long as whoever started the container lives.

Its standard input is a pipe that nobody writes to: it ends when the process on the host ends, even one that was killed.
"""

import os
import runpy
import signal
import sys
import threading


def end_with_the_host() -> None:
    """Wait for the end of standard input, then end this process at once."""
    while os.read(0, 4096):
        pass
    os._exit(1)


def main() -> None:
    """Run the script that the command line names, with the rest of the command line as its own."""
    # The first process of a container ignores signals without a handler, and `docker stop` would wait ten seconds.
    signal.signal(signal.SIGTERM, lambda number, frame: os._exit(128 + number))
    threading.Thread(target=end_with_the_host, daemon=True).start()
    sys.argv = sys.argv[1:]
    runpy.run_path(sys.argv[0], run_name="__main__")


if __name__ == "__main__":
    main()
