import type { LeitstandError } from '../platform/errors.ts';
import type { FileEntry } from './file-entry.ts';
import { planInOrder } from './pack-plan.ts';
import { type PieceSource, readPieces } from './piece-reader.ts';
import { zeros } from './sparse.ts';

export type OrderedPart =
  | { readonly at: number; readonly bytes: Uint8Array }
  | { readonly pack: string; readonly damage: LeitstandError };

/** A file from its beginning to its end; zeros where it has holes. */
export async function* orderedContent(from: PieceSource, entry: FileEntry): AsyncGenerator<OrderedPart> {
  let at = 0;
  for await (const { frame, pieces } of readPieces(from, planInOrder(entry))) {
    for (const piece of pieces) {
      yield* holeFrom(at, piece.use.at);
      at = piece.use.at + piece.use.length;
      if ('damage' in piece) yield { pack: frame.pack, damage: piece.damage };
      else if ('bytes' in piece) yield { at: piece.use.at, bytes: piece.bytes };
    }
  }
  yield* holeFrom(at, entry.size);
}

function* holeFrom(from: number, end: number): Generator<OrderedPart> {
  let at = from;
  for (const bytes of zeros(end - from)) {
    yield { at, bytes };
    at += bytes.length;
  }
}
