#!/usr/bin/env bash
# Starts what docker/build.sh laid out in DEST as the image starts it, with the composition's configuration on free ports of
# loopback and a Redis beside it, outside of a container; asks the health check, and stops it.
set -euo pipefail
cd "$(dirname "$0")/.."
dest=$(realpath "${1:?usage: docker/try.sh DEST}")
export PATH=$dest/usr/local/bin:$PATH:/usr/sbin

folder=$(mktemp -d)
started=()
tidy_up() {
    [ ${#started[@]} = 0 ] || kill "${started[@]}" 2>/dev/null || true
    wait || true
    rm -rf "$folder"
}
trap tidy_up EXIT

# configuration FIRST_PORT: SIP, HTTP and Redis take the next three, sound the hundred after them.
configuration() {
    sed -e "s|0\.0\.0\.0:5060|127.0.0.1:$1|; s|192\.0\.2\.10:5060|127.0.0.1:$1|; s|192\.0\.2\.10\"|127.0.0.1\"|" \
        -e "s|127\.0\.0\.1:8080|127.0.0.1:$(($1 + 1))|; s|127\.0\.0\.1:6379|127.0.0.1:$(($1 + 2))|" \
        -e "s|20000-20999|$(($1 + 10))-$(($1 + 109))|" \
        "$dest/etc/throughline/throughline.toml"
}

# Below the ports that the system gives out by itself.
choose_ports() {
    local _
    for _ in $(seq 20); do
        first=$((10000 + RANDOM % 2000 * 10))
        configuration "$first" >"$folder/throughline.toml"
        if throughline check --bind "$folder/throughline.toml" >"$folder/check" 2>&1; then return; fi
    done
    cat "$folder/check"
    return 1
}

healthy_within() {
    local _
    for _ in $(seq "$(($1 * 10))"); do
        if throughline-healthcheck 2>/dev/null; then return; fi
        sleep 0.1
    done
    return 1
}

choose_ports
export THROUGHLINE_CONFIG=$folder/throughline.toml THROUGHLINE_HEALTH=127.0.0.1:$((first + 1))

if throughline-healthcheck 2>/dev/null; then
    echo "healthy although nothing runs"
    exit 1
fi

redis-server --bind 127.0.0.1 --port $((first + 2)) --save '' --appendonly no --dir "$folder" >"$folder/redis.log" 2>&1 &
started+=($!)
throughline-entrypoint >"$folder/server.log" 2>&1 &
server=$!
started+=($server)
healthy_within 30 || {
    cat "$folder/server.log"
    echo "not healthy within 30 s"
    exit 1
}

kill -TERM $server
answer=0
wait $server || answer=$?
[ $answer = 0 ] || {
    cat "$folder/server.log"
    echo "ended with $answer after SIGTERM"
    exit 1
}

echo 'faulty = true' >"$folder/throughline.toml"
answer=0
throughline-entrypoint >"$folder/server.log" 2>&1 || answer=$?
[ $answer = 2 ] || {
    cat "$folder/server.log"
    echo "ended with $answer, not 2, for a faulty configuration"
    exit 1
}
echo "started, healthy, stopped; a faulty configuration is refused"
