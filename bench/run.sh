#!/bin/bash
# Prints the table of docs/performance.md: the machine, then the rows of every bench program in
# $TRACK_BIN.  Nothing here fails because a machine is slow.
set -euo pipefail
cd "$(dirname "$0")/.."
bin=${TRACK_BIN:?the folder of the built programs}

echo "Machine: $(nproc) cores, $(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -1)," \
    "$(awk '/MemTotal/ {printf "%.0f GiB", $2 / 1048576}' /proc/meminfo), Linux $(uname -r)," \
    "$(df --output=fstype . | tail -1), $(date -u +%Y-%m-%d)"
echo
echo "| What | Figure | Target |"
echo "|---|---|---|"
for program in "$bin"/bench_calibrate $(ls "$bin"/bench_* | grep -vE 'bench_calibrate$|\.[od]$'); do
    TRACK_QUIET=1 "$program"
done
for script in bench/*_bench.sh; do
    TRACK_BIN=$bin "$script"
done
