#!/usr/bin/env bash
# Builds what the image holds into the folder DEST, laid out as it lies in the image. The Dockerfile's build stage calls it;
# it works the same outside of a container.
set -euo pipefail
cd "$(dirname "$0")/.."
dest=${1:?usage: docker/build.sh DEST}

cargo build --release --locked --quiet --bin throughline
install -D -m 755 "${CARGO_TARGET_DIR:-target}/release/throughline" "$dest/usr/local/bin/throughline"
install -D -m 755 docker/entrypoint.sh "$dest/usr/local/bin/throughline-entrypoint"
install -D -m 755 docker/healthcheck.sh "$dest/usr/local/bin/throughline-healthcheck"
install -D -m 644 sip-configs/throughline.example.toml "$dest/etc/throughline/throughline.example.toml"
install -D -m 644 docker/throughline.toml "$dest/etc/throughline/throughline.toml"
install -D -m 644 LICENSE-MIT "$dest/usr/share/doc/throughline/LICENSE-MIT"
install -D -m 644 LICENSE-APACHE "$dest/usr/share/doc/throughline/LICENSE-APACHE"
install -d -m 755 "$dest/var/lib/throughline"
