/** Where a file is, spelled as in a capture. */
export interface FileName {
  readonly file: string;
  readonly escaped?: true;
}

/** Names in one text: of very many each object that is handed over to another thread counts. */
export interface FileNames {
  readonly count: number;
  /** With NUL between them, which no name holds. */
  readonly files: string;
  /** Numbers of those that are spelled otherwise than they are. */
  readonly escaped: ReadonlySet<number>;
}

const NUL = '\0';

export function packNames(names: readonly FileName[]): FileNames {
  const escaped = new Set<number>();
  let i = 0;
  for (const name of names) {
    if (name.escaped) escaped.add(i);
    i += 1;
  }
  return { count: names.length, files: names.map(({ file }) => file).join(NUL), escaped };
}

/** In their order. */
export function unpackNames({ count, files, escaped }: FileNames): FileName[] {
  const names = count === 0 ? [] : files.split(NUL);
  if (names.length !== count) throw new TypeError('a file name with NUL in it');
  return names.map((file, i) => (escaped.has(i) ? { file, escaped: true } : { file }));
}
