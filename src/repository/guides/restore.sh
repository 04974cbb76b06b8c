#!/bin/sh
# Restores one snapshot of this repository (format lsb1) without Leitstand: with sh, jq, zstd and sha256sum, and with age
# where it is encrypted. Reads this directory, writes below TARGET and a directory of its own in $TMPDIR.
# version: 2
set -eu
export LC_ALL=C
unset CDPATH

usage() {
  cat <<'TEXT'
sh restore.sh                                  lists the snapshots
sh restore.sh [options] SNAPSHOT TARGET        restores one into a new directory

SNAPSHOT is a file of snapshots/, or its name without .json.

  -i FILE   the recovery key (a line AGE-SECRET-KEY-1...), for encrypted ones
  -k FILE   the public signing key (the recovery kit, or signing.pub.pem):
            refuses a snapshot that somebody else signed. Needs openssl. It need
            not be given where -i is the kit
  -o PATH   only this file or directory of the snapshot
TEXT
}

say() { printf '%s\n' "$*" >&2; }
fail() {
  say "restore.sh: $*"
  exit 1
}
need() { command -v "$1" >/dev/null 2>&1 || fail "$1 is not installed, and $2"; }

identity=''
public_key=''
only=''
while getopts i:k:o:h option; do
  case $option in
    i) identity=$OPTARG ;;
    k) public_key=$OPTARG ;;
    o) only=${OPTARG%/} ;;
    h) usage; exit 0 ;;
    *) usage >&2; exit 2 ;;
  esac
done
shift $((OPTIND - 1))

repository=$(cd "$(dirname "$0")" && pwd)
[ -d "$repository/snapshots" ] || fail "there is no snapshots/ beside it: it belongs into the repository"
need jq 'the records and lists are JSON'

if [ $# -eq 0 ]; then
  for record in "$repository"/snapshots/*.json; do
    [ -f "$record" ] || fail 'there are no snapshots'
    jq -r '[.id, .source, .cutoff, "\(.totals.files) files", "\(.totals.bytes) bytes",
      if .encryption then "encrypted" else "not encrypted" end] | join("  ") | gsub("[^ -~]"; "?")' "$record"
  done
  usage >&2
  exit 0
fi
[ $# -eq 2 ] || { usage >&2; exit 2; }

id=$(basename "$1" .json)
record=$repository/snapshots/$id.json
target=$2
case $target in -*) target=./$target ;; esac
[ -f "$record" ] || fail "there is no snapshot $id"
if [ -e "$target" ] || [ -L "$target" ]; then fail "$target exists already: give a new directory"; fi
need zstd 'everything is compressed with it'
need sha256sum 'nothing is restored unchecked'

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM HUP

# -- Whose it is -----------------------------------------------------------------------------------------------------
# The key as it stands in a kit, behind what PEM has before it for Ed25519.
signing_key() { sed -n 's/^[# ]*signing-key: *\([A-Za-z0-9+/]\{43\}=\).*/MCowBQYDK2VwAyEA\1/p' "$1"; }
if [ -z "$public_key" ] && [ -f "$identity" ] && command -v openssl > /dev/null; then
  [ -z "$(signing_key "$identity")" ] || public_key=$identity
fi
if [ -n "$public_key" ]; then
  [ -f "$public_key" ] || fail "$public_key is no file"
  if [ -n "$(signing_key "$public_key")" ]; then
    printf '%s\n' '-----BEGIN PUBLIC KEY-----' "$(signing_key "$public_key")" '-----END PUBLIC KEY-----' > "$work/pem"
    public_key=$work/pem
  fi
  need openssl 'the signature is to be checked'
  # As it is written: another spelling of the same JSON was not signed.
  [ "$(wc -l < "$record")" -eq 1 ] && [ -z "$(tail -c 1 "$record" | tr -d '\n')" ] || fail "$id is no record"
  sed 's/,"signature":{"keyId":"[^"]*","value":"[^"]*"}//' "$record" | tr -d '\n' > "$work/body"
  jq -rj '.signature.value' "$record" | openssl base64 -d -A > "$work/signature"
  openssl pkeyutl -verify -pubin -inkey "$public_key" -rawin -in "$work/body" -sigfile "$work/signature" \
    > /dev/null 2>&1 || fail "$id is not signed with this key, or was altered"
else
  say 'The signature is not checked (-k FILE does). Only what the snapshot names is used, and all of it is hashed.'
fi

encrypted=$(jq -r 'if .encryption then "yes" else "no" end' "$record")
if [ "$encrypted" = yes ]; then
  need age 'this snapshot is encrypted'
  [ -n "$identity" ] || fail "this snapshot is encrypted: give the file with the recovery key (-i FILE). One of these opens it:
$(jq -r '.encryption.recipients[]' "$record")"
  [ -f "$identity" ] || fail "$identity is no file"
fi
source=$(jq -r .source "$record")
case $source in *[!a-z0-9-]* | '') fail "$id has no sound source" ;; esac

# An object without its encryption, once it has proven to be the one it is named by.
opened() {
  if [ ! -f "$1" ]; then
    say "MISSING: $1"
  elif [ "$(sha256sum < "$1" | cut -c 1-64)" != "$2" ]; then
    say "ALTERED: $1"
  elif [ "$encrypted" = no ]; then
    cat "$1"
    return
  elif age -d -i "$identity" "$1"; then
    return
  else
    fail "$identity does not open $1"
  fi
  touch "$work/incomplete"
  return 1
}

# -- What is in it ---------------------------------------------------------------------------------------------------
jq -r '.lists[].sha256' "$record" | while read -r list; do
  case $list in *[!0-9a-f]*) fail "$id names a list that is none" ;; esac
  if opened "$repository/lists/$list.jsonl.zst" "$list" > "$work/list"; then
    zstd -dcq "$work/list"
  fi
done > "$work/all"

# Refuses what would leave the target, and what is no number where the shell calculates: bash runs what stands in it.
# `text` is for printf %b: the sign U+241B stands before a byte that is no character.
cat > "$work/functions.jq" <<'JQ'
def digit: if . >= 65 then . - 55 else . - 48 end;
def octal: explode | map(digit) | .[0] * 16 + .[1] | "\\0\(. / 64 | floor)\(. % 64 / 8 | floor)\(. % 8)";
def text(value): (.escaped // false) as $escaped | value
  | gsub("\\\\"; "\\\\") | gsub("\n"; "\\n") | gsub("\t"; "\\t") | gsub("\r"; "\\r")
  | if $escaped then gsub("\u241b(?<hex>[89A-F][0-9A-F])"; .hex | octal) else . end;
def seconds: (if startswith("-") then "-" else "" end)
  + ("0000000000" + ltrimstr("-") | (.[:-9] | tonumber | tostring) + "." + .[-9:]);
def name: type == "string" and (explode | all(. != 0));
def safe: name and ((startswith("/") or (split("/") | any(. == "" or . == "." or . == ".."))) | not);
def count: type == "number" and . >= 0 and . < 9007199254740992 and . == floor;
def hash: type == "string" and length == 64 and (test("[^0-9a-f]") | not);
def nanoseconds: type == "string" and length < 30 and (ltrimstr("-") | . != "" and (test("[^0-9]") | not));
def piece: type == "array" and (.[0] == "hole" or (.[0] | hash)) and (.[1:5] | length == 4 and all(count));
def content: (.sha256 | hash) and (.size | count) and (.pieces | type == "array" and all(piece));
def sound: ([.mode, .uid, .gid] | all(count)) and (.mtime | nanoseconds)
  and (if .type == "file" then content elif .type == "symlink" then .target | name else true end);
JQ
{
  cat "$work/functions.jq"
  cat <<'JQ'
select($only == "" or .path == $only or (.path | startswith($only + "/")))
| if all(.path, .link // empty; safe) | not then {unsafe: .path}
  elif .type | IN("file", "directory", "symlink") | not then {unknown: "\(.path) (\(.type))"}
  elif sound then . else {unsound: .path} end
JQ
} > "$work/select.jq"
jq -c --arg only "$only" -f "$work/select.jq" "$work/all" > "$work/selected" || fail 'the lists cannot be used'
for problem in unsafe unknown unsound; do
  if grep "^{\"$problem\"" "$work/selected" >&2; then fail "$id has $problem entries: nothing is restored"; fi
done
sort -u "$work/selected" > "$work/entries"
[ -s "$work/entries" ] || [ -z "$only" ] || fail "$id has nothing at $only"

# A table of the entries that a filter chooses, with names as texts.
table() {
  { cat "$work/functions.jq"; printf '%s\n' "$1"; } > "$work/table.jq"
  jq -r -f "$work/table.jq" "$work/entries"
}
# The name behind a text; what stands behind it keeps line feeds at its end.
named() {
  name=$(printf '%b.' "$1")
  name=${name%.}
}
tab=$(printf '\t')

# -- Contents: each pack is opened once, each frame decoded once -----------------------------------------------------
mkdir -p "$target"
# Nobody else looks in before the files have their modes.
chmod 700 "$target"
target=$(cd "$target" && pwd)
table 'select(.type == "directory") | text(.path)' | while IFS= read -r path; do
  named "$path"
  mkdir -p "$target/$name"
done
table 'select(.type == "file") | text(.path)' | while IFS= read -r path; do
  named "$path"
  case $name in */*) mkdir -p "$target/${name%/*}" ;; esac
  : > "$target/$name"
done
table 'select(.type == "file") | text(.path) as $path
  | foreach .pieces[] as $piece ({at: 0, next: 0}; {at: .next, next: (.next + $piece[4])};
      select($piece[0] != "hole") | [($piece[0:5][]), (.at / 4194304), $path])
  | map(tostring) | join("\t")' |
  sort -t "$tab" -k 1,1 -k 2,2n > "$work/pieces"
pack=''
frame=''
while IFS=$tab read -r next offset length from size block path; do
  case $next in *[!0-9a-f]*) fail "$id names a pack that is none" ;; esac
  if [ "$next" != "$pack" ]; then
    pack=$next
    frame=''
    aa=$(printf '%s' "$pack" | cut -c 1-2)
    opened "$repository/packs/$source/$aa/$pack" "$pack" > "$work/pack" || : > "$work/pack"
  fi
  if [ "$offset" != "$frame" ]; then
    frame=$offset
    tail -c "+$((offset + 1))" "$work/pack" | head -c "$length" | zstd -dcq > "$work/frame" 2> /dev/null || : > "$work/frame"
  fi
  named "$path"
  tail -c "+$((from + 1))" "$work/frame" | head -c "$size" |
    dd of="$target/$name" bs=4194304 seek="$block" conv=notrunc 2> /dev/null
done < "$work/pieces"
# Zeros that were never written, also at the end.
table 'select(.type == "file" and any(.pieces[]; .[0] == "hole")) | [(.size | tostring), text(.path)] | join("\t")' |
  while IFS=$tab read -r size path; do
    named "$path"
    dd if=/dev/null of="$target/$name" bs=1 seek="$size" 2> /dev/null
  done

# -- Every file is what was backed up, or is named -------------------------------------------------------------------
table 'select(.type == "file") | [.sha256, text(.path)] | join("\t")' |
  while IFS=$tab read -r sha256 path; do
    named "$path"
    [ "$(sha256sum < "$target/$name" | cut -c 1-64)" = "$sha256" ] && continue
    printf 'WRONG: %s\n' "$name"
    touch "$work/incomplete"
  done

# -- Links last: nothing was written through one ---------------------------------------------------------------------
table 'select(.type == "file" and .link and .link != .path) | text(.link), text(.path)' |
  while IFS= read -r first && IFS= read -r path; do
    named "$first"
    first=$name
    named "$path"
    [ ! -f "$target/$first" ] || ln -f "$target/$first" "$target/$name"
  done
table 'select(.type == "symlink") | text(.target), text(.path)' | while IFS= read -r to && IFS= read -r path; do
  named "$to"
  to=$name
  named "$path"
  through=$name
  while case $through in */*) true ;; *) false ;; esac; do
    through=${through%/*}
    [ ! -L "$target/$through" ] || fail "$id has unsafe entries: there is one below the link $through"
  done
  case $name in */*) mkdir -p "$target/${name%/*}" ;; esac
  if [ -e "$target/$name" ] || [ -L "$target/$name" ]; then fail "$id has unsafe entries: $name is there twice"; fi
  ln -s -- "$to" "$target/$name"
done

# -- Owner (as root), mode and time: what is in a directory before the directory -------------------------------------
user=$(id -u)
table '[.type, .uid, .gid, .mode, (.mtime | seconds), text(.path)] | map(tostring) | join("\t")' |
  sort -t "$tab" -k 6,6r |
  while IFS=$tab read -r type uid gid mode time path; do
    named "$path"
    file=$target/$name
    [ "$user" != 0 ] || chown -h "$uid:$gid" "$file" || say "OWNER NOT SET: $name"
    case $type in
      file) chmod "$(printf '%o' $((mode & 511)))" "$file" ;;
      directory) chmod "$(printf '%o' $((mode & 2047)))" "$file" ;;
    esac
    # That of busybox knows whole seconds only.
    touch -h -d "@$time" "$file" 2> /dev/null || touch -h -d "@${time%.*}" "$file" 2> /dev/null || say "TIME NOT SET: $name"
  done

chmod =rwx "$target"
[ ! -e "$work/incomplete" ] || fail "$target is NOT complete: see above"
say "$target: $(wc -l < "$work/entries") entries of $source, as they were at $(jq -r .cutoff "$record")"
