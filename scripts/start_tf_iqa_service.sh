#!/bin/sh
# Start the scoring service on this machine: scripts/start_tf_iqa_service.sh [FOLDER ...]; see docs/how-to/service.md.
# FOLDER: image_path may be read below it. $JUDGE_VISION_TF_PORT: its port (5105).
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
python=$root/.venv/bin/python
[ -x "$python" ] || python=python3
exec "$python" "$root/scripts/start_service.py" "$@"
