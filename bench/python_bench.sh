#!/bin/bash
# Rows of the Python package, beside other trackers from PyPI in the same run, each offline or local.
set -euo pipefail
cd "$(dirname "$0")/.."
venv=${VENV_BENCH:-build/venv-bench}
package=$(realpath "${TRACK_BIN:?the folder of the built programs}/python")
for tool in track wandb mlflow trackio tensorboardX; do
    PYTHONPATH=$package "$venv/bin/python" -c "import $tool" 2>/dev/null || true # its files are in memory
    PYTHONPATH=$package "$venv/bin/python" bench/python_log.py $tool 2>/dev/null | grep "^|" || {
        echo "| Python, $tool | could not be measured |  |"
    }
done
PYTHONPATH=$package TRACK_BIN=$TRACK_BIN "$venv/bin/python" bench/python_history.py
