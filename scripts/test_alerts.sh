#!/usr/bin/env bash
# Provokes every alert by a real fault, and sees it arrive at a webhook and resolve there. `--help` has the rest.
set -euo pipefail
command -v python3 >/dev/null || { echo 'test_alerts: python3 is missing' >&2; exit 2; }
exec python3 "$(dirname "$0")/alert_drills" "$@"
