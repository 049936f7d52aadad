#!/bin/bash
# Rows of the running server: start to the first /health, idle memory, size of the programs and of
# the pages.
set -euo pipefail
bin=${TRACK_BIN:?the folder of the built programs}
data=$(mktemp -d /var/tmp/track-bench.XXXXXX)
pid=
trap '[ -z "$pid" ] || kill "$pid" 2>/dev/null; rm -rf "$data"' EXIT

# start: milliseconds from exec to the first answer of /health, on the port in $1.
start() {
    local from=$(date +%s%N)
    "$bin/trackd" --data "$data/d$1" --listen "127.0.0.1:$1" >"$data/log" 2>&1 &
    pid=$!
    until curl -sf -o "$data/health" "http://127.0.0.1:$1/health"; do sleep 0.002; done
    echo $((($(date +%s%N) - from) / 100000)) | sed 's/\(.\)$/.\1/'
}

times=
for port in 18181 18182 18183 18184 18185; do
    times="$times $(start $port > "$data/took" && cat "$data/took")"
    pid=$(pgrep -f "listen 127.0.0.1:$port" | head -1)
    [ $port = 18185 ] || { kill "$pid"; wait "$pid" 2>/dev/null || true; }
done
echo "| trackd, exec to first /health (curl included) | $(echo $times | tr ' ' '\n' | sort -n | sed -n 3p) ms | <= 50 ms |"
sleep 2
echo "| trackd, idle RSS | $(awk '/VmRSS/ {printf "%.1f", $2 / 1024}' "/proc/$pid/status") MB | <= 20 MB |"
strip -o "$data/trackd" "$bin/trackd"
echo "| trackd, stripped, pages inside | $(stat -c %s "$data/trackd" | awk '{printf "%.2f", $1 / 1e6}') MB | <= 4 MB |"

# The bundle is the same from every build; the build prints what a browser loads.
if command -v node >/dev/null && [ -d web/node_modules ]; then
    (cd web && node build.mjs) | awk '
        / first load with the shell/ {printf "| pages, first load, gzip | %.1f KB | <= 75 KB |\n", $1 / 1024}
        / all, of / {printf "| pages, everything, gzip | %.1f KB | <= 120 KB |\n", $1 / 1024}'
fi
