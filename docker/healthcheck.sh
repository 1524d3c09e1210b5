#!/usr/bin/env bash
# Ends with 0 when the server says that it can take calls, with 1 otherwise. Needs no other program than bash.
set -euo pipefail
address=${THROUGHLINE_HEALTH:-127.0.0.1:8080}

exec 3<>"/dev/tcp/${address%:*}/${address##*:}" || exit 1
printf 'GET /readyz HTTP/1.0\r\nHost: %s\r\n\r\n' "$address" >&3
read -r -t 3 _ status _ <&3 || exit 1
[ "$status" = 200 ]
