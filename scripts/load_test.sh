#!/usr/bin/env bash
# Puts one address of a running server under load: scripts/operation/load_address.py.
set -euo pipefail

command -v python3 >/dev/null || {
  echo 'load_test.sh: python3 is needed' >&2
  exit 2
}
exec python3 -B "$(dirname "$(realpath "$0")")/operation/load_address.py" "$@"
