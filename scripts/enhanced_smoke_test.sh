#!/usr/bin/env bash
# Asks a running server for everything that callers need, once, and cleans up: scripts/operation/smoke.py.
set -euo pipefail

command -v python3 >/dev/null || {
  echo 'enhanced_smoke_test.sh: python3 is needed' >&2
  exit 2
}
exec python3 -B "$(dirname "$(realpath "$0")")/operation/smoke.py" "$@"
