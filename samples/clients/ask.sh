#!/bin/sh
# Sends one request to a Ryuso server and prints the answer. Needs nc.
#
#     sh ask.sh deposit '{"to": "alice", "amount": 2500}'
#     sh ask.sh deposit '{"to": "alice", "amount": 2500}' '{"notifier_down": true}'

none='{}'
printf '{"program": "%s", "data_pool": %s, "metadata": %s}' "$1" "${2:-$none}" "${3:-$none}" |
  nc "${RYUSO_HOST:-127.0.0.1}" "${RYUSO_PORT:-60856}"
echo
