#!/bin/sh
# Stop the scoring service that start_tf_iqa_service.sh started; waits until its memory is free.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
python=$root/.venv/bin/python
[ -x "$python" ] || python=python3
exec "$python" "$root/scripts/stop_service.py" --kept "$@"
