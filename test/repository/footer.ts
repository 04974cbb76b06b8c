import { encodeFooter, FOOTER_BEGINNING, footerEnd } from '../../src/repository/pack-footer.ts';

/** `pieces`: texts of them, with commas between them. */
export function footerOf(source: string, pieces: string): Buffer {
  const text = Buffer.from(FOOTER_BEGINNING + pieces + footerEnd(source));
  const into = Buffer.alloc(text.length + 1024);
  return into.subarray(0, encodeFooter(text, into));
}
