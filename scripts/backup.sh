#!/usr/bin/env bash
# A dated backup beside a running server, proven by restoring it, and the oldest ones removed.
set -euo pipefail

readonly DONE=0 FAILED=1 USAGE=2 NO_ROOM=3 UNPROVEN=4
ROOT=$(cd "$(dirname "$0")/.." && pwd)
# What is removed is what this script made. The ones that were restored say so in their names.
readonly PATTERN='^qr-observatory-[0-9]{8}T[0-9]{6}Z(\.verified)?\.backup$'

usage() {
  cat <<'TXT'
Usage: scripts/backup.sh [OPTIONS]

Backs up the installation whose settings are here (qr-observatory.toml, the environment), beside a running server, into
DIR/qr-observatory-<UTC time>.verified.backup. The backup is restored into a scratch SQLite database, whatever it was taken
from, and the digests are compared; then the oldest ones are removed.

  --dir DIR        where backups go (backups)
  --keep N         how many stay in DIR, 1 to 10000 (14). Never removed: the newest verified one, and whatever this script
                   did not make.
  --no-verify      do not restore it; the name then lacks "verified"
  --min-free MB    refuse when DIR has less room than this, or than ten times the newest backup (256)
  --binary FILE    the product (qr-observatory of PATH, else target/release, else target/debug)
  --config FILE    its settings
  --dry-run        say what would be done, and do nothing

Exit codes: 0 done; 1 no backup was made; 2 bad usage; 3 no room, nothing was made; 4 a backup was made and could not be
restored: it is kept under a name without "verified", and nothing was removed.
TXT
}

say() { echo "$*" >&2; }
die() {
  local code=$1
  shift
  say "backup.sh: $*"
  exit "$code"
}

# --- the command line -----------------------------------------------------------------------------------

dir=backups keep=14 verify=1 min_free=256 binary='' settings=() dry_run=''

number() { # FLAG VALUE LOWEST HIGHEST
  [[ $2 =~ ^[0-9]{1,9}$ ]] && ((10#$2 >= $3 && 10#$2 <= $4)) || die $USAGE "$1 must be a number from $3 to $4"
}

while (($#)); do
  case $1 in
    -h | --help) usage; exit "$DONE" ;;
    --no-verify) verify=''; shift; continue ;;
    --dry-run) dry_run=1; shift; continue ;;
    --dir | --keep | --min-free | --binary | --config) (($# > 1)) && [[ -n $2 ]] || die $USAGE "$1 needs a value" ;;
    *) usage >&2; die $USAGE "nothing is called '$1'" ;;
  esac
  case $1 in
    --dir) dir=$2 ;;
    --keep) number "$1" "$2" 1 10000; keep=$((10#$2)) ;;
    --min-free) number "$1" "$2" 0 100000000; min_free=$((10#$2)) ;;
    --binary) binary=$2 ;;
    --config) settings=(--config "$2") ;;
  esac
  shift 2
done

if [[ -z $binary ]]; then
  for binary in "$(command -v qr-observatory || true)" "$ROOT"/target/{release,debug}/qr-observatory; do
    [[ -x $binary ]] && break
  done
fi
[[ -f $binary && -x $binary ]] || die $USAGE "there is no $binary: --binary FILE"
binary=$(realpath "$binary")
[[ $dir == /* ]] || dir=$PWD/$dir

# --- what is there --------------------------------------------------------------------------------------

# Ours, newest first.
backups() { ls -1 "$dir" 2>/dev/null | grep -E "$PATTERN" | sort -r || true; }

# What is too many once one more is there: all but the newest, and never the newest verified one.
too_many() { # HOW-MANY-STAY
  local name kept=0 proven=''
  while read -r name; do
    kept=$((kept + 1))
    if [[ $name == *.verified.backup && -z $proven ]]; then
      proven=$name
    elif ((kept > $1)); then
      echo "$name"
    fi
  done
}

check_room() {
  local at=$dir newest bytes=0 need free
  while [[ ! -d $at ]]; do at=$(dirname "$at"); done
  newest=$(backups | head -n 1)
  [[ -z $newest ]] || bytes=$(stat -c %s "$dir/$newest")
  need=$((bytes * 10 / 1048576))
  ((need >= min_free)) || need=$min_free
  free=$(df -P -B 1048576 "$at" | awk 'NR == 2 { print $4 }')
  ((free >= need)) || die $NO_ROOM "$at has $free MB of room, and $need MB are needed: nothing was made"
  say "room: $free MB, needed $need MB"
}

# A value of the outermost level of what the product prints as JSON.
field() { sed -nE "s/^  \"$1\": (\"(.*)\"|([^\",]*)),?$/\2\3/p"; }

stamp=$(date -u +%Y%m%dT%H%M%SZ)
name=qr-observatory-$stamp.backup
proven=qr-observatory-$stamp.verified.backup

if [[ -n $dry_run ]]; then
  check_room
  [[ -z $verify ]] || name=$proven
  echo "would make $dir/$name"
  { echo "$name"; backups; } | too_many "$keep" | sed "s#^#would remove $dir/#"
  exit "$DONE"
fi

# --- the backup -----------------------------------------------------------------------------------------

command -v flock >/dev/null || die $FAILED 'flock is missing'
mkdir -p "$dir" || die $FAILED "$dir cannot be made"
chmod go-rwx "$dir" 2>/dev/null || true
exec 9>"$dir/.lock"
flock -n 9 || die $FAILED "another backup.sh is at work in $dir"
check_room

taken=$("$binary" "${settings[@]}" backup "$dir/$name" --json) || die $FAILED 'no backup was made: see above'
digest=$(field digest <<<"$taken")
rows=$(field rows <<<"$taken")
[[ -n $digest ]] || die $FAILED "the product did not say what it made: $taken"

# --- the proof ------------------------------------------------------------------------------------------

scratch=''
clean() { [[ -z $scratch ]] || rm -rf "$scratch"; }
trap clean EXIT

# With no settings at all: a fresh SQLite installation in a folder of its own, and no Redis that could be told anything.
prove() {
  local restored again
  scratch=$(mktemp -d "$dir/.verify.XXXXXX") || return 1
  restored=$(cd "$scratch" && env -i PATH="$PATH" "$binary" restore "$dir/$name" --json) || return 1
  [[ $(field digest <<<"$restored") == "$digest" ]] || { say 'the file has another digest than was said'; return 1; }
  again=$(cd "$scratch" && env -i PATH="$PATH" "$binary" backup again --json) || return 1
  # One of an older schema was brought up to the product's, and was compared before that.
  [[ $(field schema <<<"$again") == "$(field schema <<<"$taken")" ]] || return 0
  [[ $(field digest <<<"$again") == "$digest" ]] || { say 'what was restored has another digest'; return 1; }
}

if [[ -n $verify ]]; then
  prove || die $UNPROVEN "the backup could NOT be restored; it is kept as $dir/$name, and nothing was removed"
  mv "$dir/$name" "$dir/$proven"
  name=$proven
fi

removed=0
while read -r old; do
  rm -f "$dir/$old"
  removed=$((removed + 1))
  say "removed: $old"
done < <(backups | too_many "$keep")

how='not verified'
[[ -z $verify ]] || how='restored and compared'
say "$rows rows, $(stat -c %s "$dir/$name") bytes, digest $digest, $how, $removed removed"
echo "$dir/$name"
