#!/usr/bin/env bash
# Takes a rollout back, and says how long it took: scripts/operation/rollback.py.
set -euo pipefail

command -v python3 >/dev/null || {
  echo 'rollback.sh: python3 is needed' >&2
  exit 2
}
exec python3 -B "$(dirname "$(realpath "$0")")/operation/rollback.py" "$@"
