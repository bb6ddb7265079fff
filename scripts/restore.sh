#!/usr/bin/env bash
# Puts a backup into the place of what is there, after looking at it and asking.
set -euo pipefail

readonly DONE=0 FAILED=1 USAGE=2 UNCONFIRMED=3
ROOT=$(cd "$(dirname "$0")/.." && pwd)

usage() {
  cat <<'TXT'
Usage: scripts/restore.sh [OPTIONS] FILE

Reads FILE (- is standard input, and needs --yes) to its end, says what is in it and what will happen, asks, restores, and says how to go back. It acts on the
installation whose settings are here (qr-observatory.toml, the environment). Stop every server on that data first.

  --force          also where something is already: it is kept aside
  --yes            do not ask
  --binary FILE    the product (qr-observatory of PATH, else target/release, else target/debug)
  --config FILE    its settings
  --dry-run        look at FILE, say what would be done, and do nothing

Exit codes: 0 done; 1 refused or failed, nothing was changed; 2 bad usage; 3 nobody said yes, nothing was changed.
TXT
}

say() { echo "$*" >&2; }
die() {
  local code=$1
  shift
  say "restore.sh: $*"
  exit "$code"
}

# --- the command line -----------------------------------------------------------------------------------

force=() yes='' binary='' settings=() dry_run='' file=''

while (($#)); do
  case $1 in
    -h | --help) usage; exit "$DONE" ;;
    --force) force=(--force); shift; continue ;;
    --yes) yes=1; shift; continue ;;
    --dry-run) dry_run=1; shift; continue ;;
    --binary | --config) (($# > 1)) && [[ -n $2 ]] || die $USAGE "$1 needs a value" ;;
    -?*) usage >&2; die $USAGE "nothing is called '$1'" ;;
    *)
      [[ -z $file ]] || die $USAGE 'one FILE'
      file=$1
      shift
      continue
      ;;
  esac
  case $1 in
    --binary) binary=$2 ;;
    --config) settings=(--config "$2") ;;
  esac
  shift 2
done
[[ -n $file ]] || { usage >&2; die $USAGE 'which FILE?'; }

if [[ -z $binary ]]; then
  for binary in "$(command -v qr-observatory || true)" "$ROOT"/target/{release,debug}/qr-observatory; do
    [[ -x $binary ]] && break
  done
fi
[[ -f $binary && -x $binary ]] || die $USAGE "there is no $binary: --binary FILE"

# Standard input can be read only once, and is looked at before it is restored.
if [[ $file == - ]]; then
  [[ ! -t 0 ]] || die $USAGE 'standard input is a terminal: name a FILE'
  file=$(mktemp "${TMPDIR:-/tmp}/restore.XXXXXX") || die $FAILED 'standard input cannot be kept'
  trap 'rm -f "$file"' EXIT
  cat >"$file" || die $FAILED 'standard input cannot be kept'
fi

# --- what will happen -----------------------------------------------------------------------------------

# A value of the outermost level of what the product prints as JSON.
field() { sed -nE "s/^  \"$1\": (\"(.*)\"|([^\",]*)),?$/\2\3/p"; }

checked=$("$binary" "${settings[@]}" restore "$file" --check --json) || die $FAILED 'nothing was changed: see above'

# Without what may be a password.
database=$(sed 's#//[^/]*@#//…@#; s#?.*##' <<<"${DATABASE_URL:-}")
cat <<TXT
backup    $file
taken     $(field taken_at <<<"$checked") from $(field database <<<"$checked"), by release $(field version <<<"$checked")
holds     $(field rows <<<"$checked") rows, digest $(field digest <<<"$checked")
goes to   ${database:-the database of the settings} (settings of $PWD${settings[1]:+, ${settings[1]}})
TXT
if ((${#force[@]})); then
  echo 'What is there now is kept aside. Scans that came after the backup was taken will not count.'
else
  echo 'Only if nothing is there yet: --force was not given.'
fi
if [[ -n $dry_run ]]; then
  echo 'dry run: nothing was changed'
  exit "$DONE"
fi

if [[ -z $yes ]]; then
  [[ -t 0 ]] || die $UNCONFIRMED 'nobody can be asked here: --yes'
  read -r -p 'Type "restore" to go on: ' answer || true
  [[ ${answer:-} == restore ]] || die $UNCONFIRMED 'nothing was changed'
fi

# --- the restore ----------------------------------------------------------------------------------------

restored=$("$binary" "${settings[@]}" restore "$file" "${force[@]}" --json) || die $FAILED 'nothing was changed: see above'
echo "restored  $(field rows <<<"$restored") rows in $(LC_ALL=C printf '%.1f' "$(field seconds <<<"$restored")") s, read again and compared"

# A log that is left beside another file than its own would be taken for that one's.
back() { # KEPT
  local place=${1%.replaced-*}
  printf '  for s in "" -wal -shm; do [ ! -e %q"$s" ] || mv %q"$s" %q"$s"; done; mv %q %q\n' \
    "$place" "$place" "$place.undone" "$1" "$place"
}

kept=$(field database_kept <<<"$restored")
spool=$(field spool_kept <<<"$restored")
if [[ $kept == 'schema '* ]]; then
  schema=${kept#schema }
  cat <<TXT
kept      what was there is now in the schema $schema
to go back: stop the server, and start it with DATABASE_URL=…?options[search_path]=$schema
            (docs/OPERATIONS.md, "Backup and restore", says how to make that last)
TXT
elif [[ $kept != null ]]; then
  echo "kept      what was there is now $kept"
  echo 'to go back: stop the server, and then'
  back "$kept"
fi
if [[ $spool != null ]]; then
  echo "kept      scans that were not in the database yet are now in $spool; with the same server stopped:"
  back "$spool"
fi
echo 'now start the server, and look: scripts/enhanced_smoke_test.sh, or /health'
