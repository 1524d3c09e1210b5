#!/usr/bin/env bash
# Starts the server with the configuration that THROUGHLINE_CONFIG names; a faulty one is explained and ends with 2.
set -euo pipefail
config=${THROUGHLINE_CONFIG:-/etc/throughline/throughline.toml}

throughline check "$config"
exec throughline serve "$config"
