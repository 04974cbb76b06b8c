/** A header field, unfolded; bytes as Latin-1 characters. */
export interface Field {
  readonly name: string;
  readonly value: string;
}

export interface Head {
  readonly fields: readonly Field[];
  /** Lines that are no field. */
  readonly strays: readonly string[];
}

const FIELD = /^([!-9;-~]+)[ \t]*:(.*)$/s;

/** The lines above the first empty one. `source` has CRLF and one character for each byte. */
export function readHead(source: string): Head {
  const end = source.startsWith('\r\n') ? 0 : source.indexOf('\r\n\r\n');
  const head = end === -1 ? source : source.slice(0, end);
  const unfolded = head.replaceAll(/\r\n(?=[ \t])/g, '');
  const fields: Field[] = [];
  const strays: string[] = [];
  for (const line of unfolded.split('\r\n')) {
    const [, name, value = ''] = FIELD.exec(line) ?? [];
    if (name !== undefined) fields.push({ name: name.toLowerCase(), value: value.trim() });
    else if (line !== '') strays.push(line);
  }
  return { fields, strays };
}

export function valuesOf({ fields }: Head, name: string): readonly string[] {
  return fields.filter((field) => field.name === name).map(({ value }) => value);
}
