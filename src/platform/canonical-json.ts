export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/**
 * One text for one value: keys in code-unit order, no white space (RFC 8785 for the values we use: no
 * exotic numbers). What is signed or hashed goes through here.
 */
export function canonicalJson(value: Json): string {
  return isOrdered(value) ? JSON.stringify(value) : ordered(value);
}

function ordered(value: Json): string {
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(canonicalJson).join(',')}]`;
  if (value !== null && typeof value === 'object') {
    const object = value as { readonly [key: string]: Json };
    const members = Object.keys(object)
      .sort()
      .map((key) => `${JSON.stringify(key)}:${canonicalJson(object[key] as Json)}`);
    return `{${members.join(',')}}`;
  }
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new TypeError(`not a JSON number: ${value}`);
  return JSON.stringify(value);
}

/** JSON.stringify already writes its one text, and much faster. */
function isOrdered(value: Json): boolean {
  if (typeof value === 'number') return Number.isFinite(value);
  if (value === null || typeof value !== 'object') return value !== undefined;
  if (Array.isArray(value)) return value.every(isOrdered);
  const object = value as { readonly [key: string]: Json };
  let last: string | undefined;
  for (const key in object) {
    if (last !== undefined && last >= key) return false;
    if (!isOrdered(object[key] as Json)) return false;
    last = key;
  }
  return true;
}
