import type { LikelyPiece } from './content-store.ts';
import { isStored, pieceSha256 } from './file-entry.ts';
import type { FrameTable } from './frame-table.ts';
import type { KnownContent } from './known-content.ts';
import type { EarlierFile } from './read-plan.ts';

const NOTHING: ReadonlyMap<number, LikelyPiece> = new Map();

/** Where each part of a file was the last time, by offset. */
export function likelyPieces(
  { known, frames }: { readonly known: KnownContent; readonly frames: FrameTable },
  earlier: EarlierFile | undefined,
): ReadonlyMap<number, LikelyPiece> {
  if (!earlier) return NOTHING;
  const likely = new Map<number, LikelyPiece>();
  let at = 0;
  for (const part of earlier.entry.pieces) {
    const pack = isStored(part) ? known.packs.get(part[0]) : undefined;
    if (pack && isStored(part)) {
      const place = { frame: frames.known(pack, part[1], part[2]), offset: part[3], length: part[4] };
      likely.set(at, { sha256: pieceSha256(earlier.entry, part), place });
    }
    at += part[4];
  }
  return likely;
}
