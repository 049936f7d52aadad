#!/bin/bash
# Rows of the pages in headless Chromium: from navigation to the first run of the workspace being in
# the document.  Needs Chromium and web/node_modules (the build of the pages brings them).
set -euo pipefail
bin=${TRACK_BIN:?the folder of the built programs}
chromium=${CHROMIUM:-/usr/bin/chromium}
if ! [ -x "$chromium" ] || ! [ -d web/node_modules/playwright-core ]; then
    echo "| pages, data in the document | not measured: no Chromium here | <= 350 ms |"
    exit 0
fi
data=$(mktemp -d /var/tmp/track-bench.XXXXXX)
url=http://127.0.0.1:18192
"$bin/trackd" --data "$data/d" --listen 127.0.0.1:18192 --log-level error >"$data/log" 2>&1 &
pid=$!
trap 'kill $pid 2>/dev/null; rm -rf "$data"' EXIT
until curl -sf -o "$data/health" "$url/health"; do sleep 0.01; done
for i in $(seq 10 39); do
    run=0190a5b0c0de700080000000000000$i
    curl -sf -o "$data/reply" -X PUT --json "{\"project\":\"bench\",\"name\":\"run-$i\"}" "$url/api/v1/runs/$run"
    curl -sf -o "$data/reply" --json '{"points":[{"key":"loss","step":1,"value":0.5}]}' \
        "$url/api/v1/runs/$run/points"
done
CHROMIUM=$chromium node web/test/page_bench.mjs "$url/p/bench"
