/** README.txt of a repository: for somebody who has the files and nothing else. */
export const README_TEXT = String.raw`This directory is a backup repository of Leitstand, format "lsb1".

Nothing in here is ever changed in place. Deleting or editing files by hand
destroys backups. The whole directory may be copied with any tool.

  lsb1.json                 marks the repository; its id and public signing keys
  snapshots/*.json          one backup of one program's data: what it holds, what
                            was known about it, which lists and packs it needs
  backups/*.json            one run: the snapshots it made
  gc/*.json, verify/*.json  what is to be deleted, and what was read back when:
                            of no use for a restore
  lists/<sha256>.jsonl.zst  the files of a snapshot, one JSON object a line
  packs/<source>/xx/<sha256>  the contents of files

A list or pack is named by the SHA-256 of its bytes (sha256sum checks it). A
pack is a sequence of zstd frames: zstd -t checks it. Snapshots are signed with
Ed25519 over their canonical JSON without the member "signature".

TO RESTORE, use "leitstand restore". Without Leitstand, with sh, jq, zstd and
sha256sum, from within this directory, into a new directory:

  snapshot=snapshots/CHOOSE-ONE.json
  target=/a/new/directory

  source=$(jq -r .source "$snapshot")
  jq -r '.lists[].sha256' "$snapshot" | while read -r list; do
    zstd -dcq "lists/$list.jsonl.zst"
  done | while IFS= read -r entry; do
    path=$(printf '%s' "$entry" | jq -r .path)
    mkdir -p "$target/$(dirname "$path")"
    : > "$target/$path"
    printf '%s' "$entry" | jq -r '.pieces[] | .[0:5] | join(" ")' |
    while read -r pack frame length offset size; do
      tail -c "+$((frame + 1))" "packs/$source/$(echo "$pack" | cut -c 1-2)/$pack" |
        head -c "$length" | zstd -dcq |
        tail -c "+$((offset + 1))" | head -c "$size" >> "$target/$path"
    done
    sum=$(printf '%s' "$entry" | jq -r .sha256)
    [ "$(sha256sum < "$target/$path" | cut -c 1-64)" = "$sum" ] || echo "WRONG: $path"
  done

Every file that is not as it was backed up is named with WRONG. Owners and modes
are in the lists ("uid", "gid", "mode"). Prometheus: what is below "blocks/"
belongs directly into its data directory.
`;
