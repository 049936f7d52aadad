#!/bin/sh
# demo.sh start|stop: a server and a real training that logs to it, for `make demo`.
#
#   TRACK_BIN   folder with trackd, track and train_chars
#   TRACK_DATA  the server's data; what belongs to the demo lies in its folder demo/
#   STEPS       training steps, 6000
#
# `start` returns once the first points can be seen; a second one uses the server that runs and
# starts another training.  `stop` ends both.
set -u
: "${TRACK_DATA:=track-data}"
mkdir -p "$TRACK_DATA/demo" || exit 1
state=$(cd "$TRACK_DATA/demo" && pwd) || exit 1

say() { printf 'demo: %s\n' "$*"; }
die() { printf 'demo: %s\n' "$*" >&2; exit 1; }
healthy() { curl -fsS --max-time 2 "$1/health" 2>/dev/null | grep -q '"status"'; }
alive() { test -s "$state/$1.pid" && kill -0 "$(cat "$state/$1.pid")" 2>/dev/null; }

# Waits up to $1 tenths of a second until the rest of the line succeeds.
wait_for() {
    tries=$1; shift
    while ! "$@"; do
        tries=$((tries - 1))
        test "$tries" -gt 0 || return 1
        sleep 0.1
    done
}

ended_or_healthy() { ! alive trackd || healthy "$url"; }

# Starts trackd at the first port from 8080 on that nobody has.
server_start() {
    port=8080
    while test "$port" -lt 8180; do
        url=http://127.0.0.1:$port
        setsid "$TRACK_BIN/trackd" --listen "127.0.0.1:$port" --data "$TRACK_DATA" \
            </dev/null >"$state/trackd.log" 2>&1 &
        echo $! >"$state/trackd.pid"
        wait_for 100 ended_or_healthy
        if alive trackd && healthy "$url"; then
            test "$port" = 8080 || say "port 8080 is taken by another program, so $port it is"
            echo "$url" >"$state/url"
            return 0
        fi
        kill "$(cat "$state/trackd.pid")" 2>/dev/null
        rm -f "$state/trackd.pid"
        grep -q 'is in use by another program' "$state/trackd.log" || break
        port=$((port + 1))
    done
    server_of_data
}

# The data may belong to a server that `make run` started: it is used, wherever it listens.
server_of_data() {
    pid=$(sed -n 's/.*in use by another trackd (pid \([0-9]*\)).*/\1/p' "$state/trackd.log")
    listen=$(tr '\0' '\n' <"/proc/${pid:-0}/cmdline" 2>/dev/null | sed -n '/^--listen$/{n;p;q;}')
    url=http://${listen:-127.0.0.1:8080}
    if test -n "$pid" && healthy "$url"; then
        echo "$url" >"$state/url"
        say "the server at $url has this data already, and is used"
        return 0
    fi
    sed 's/^/    /' "$state/trackd.log" >&2
    return 1
}

server_find() {
    url=$(cat "$state/url" 2>/dev/null) || url=
    if alive trackd && test -n "$url" && healthy "$url"; then
        say "the server runs already"
    else
        server_start || die "trackd does not start; what it said stands above"
    fi
}

run_known() {
    id=$(sed -n 's|.*/r/\([0-9a-f]\{8,32\}\).*|\1|p' "$state/train.log" | head -n 1)
    test -n "$id"
}
points_seen() {
    curl -fsS --max-time 2 "$url/api/v1/runs/$id/series?prefix=train/" 2>/dev/null | grep -q '"train/loss"'
}

training_start() {
    test ! -e "$state/train.log" || mv -f "$state/train.log" "$state/train-before.log"
    : >"$state/train.log"
    TRACK_URL=$url setsid "$TRACK_BIN/track" run --project demo -- \
        "$TRACK_BIN/train_chars" --steps "${STEPS:-6000}" </dev/null >>"$state/train.log" 2>&1 &
    echo $! >>"$state/train.pid"
    wait_for 150 run_known && wait_for 150 points_seen && return 0
    sed 's/^/    /' "$state/train.log" >&2
    die "no point has arrived; what the training said stands above, the server in $state/trackd.log"
}

# Ends what this script started under a name, and waits for it; a number that has gone to another
# program is left alone.
end() {
    for pid in $(cat "$state/$1.pid" 2>/dev/null); do
        { tr '\0' ' ' <"/proc/$pid/cmdline"; } 2>/dev/null | grep -q "$2" || continue
        kill "$pid" 2>/dev/null
        wait_for 150 sh -c "! kill -0 $pid 2>/dev/null" || kill -9 "$pid"
    done
    rm -f "$state/$1.pid"
}

case "${1:-}" in
start)
    : "${TRACK_BIN:?names the folder with trackd, track and train_chars}"
    TRACK_BIN=$(cd "$TRACK_BIN" && pwd) || exit 1
    command -v curl >/dev/null || die "curl is needed"
    server_find
    training_start
    say "a training runs; see it at"
    printf '\n    %s/p/demo/r/%s\n\n' "$url" "$id"
    say "all of the project: $url/p/demo    what it prints: $state/train.log"
    say "\`make demo\` again starts another training; \`make demo-stop\` ends all of it"
    ;;
stop)
    end train 'track run'
    end trackd trackd
    say "ended; the data stays in $TRACK_DATA"
    ;;
*)
    die "usage: demo.sh start|stop"
    ;;
esac
