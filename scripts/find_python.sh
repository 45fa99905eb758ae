#!/bin/sh
# Print a Python that Snakemake 9 and TensorFlow with numpy 1 both run on: 3.11 or 3.12.
for name in python3.12 python3.11 python3 python; do
    found=$(command -v "$name" 2>/dev/null) || continue
    if "$found" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info[:2] not in ((3, 11), (3, 12)))' 2>/dev/null; then
        echo "$found"
        exit 0
    fi
done
echo "judge-vision: Python 3.11 or 3.12 with venv is needed; install it, for example: apt install python3.11 python3.11-venv, or brew install python@3.12" >&2
echo false # what make then runs: it fails, after the line above has said why
exit 1
