/** Shorter parts (`/hook`, `v1`) are words that any text may hold rather than keys. */
const SECRET_PART_LENGTH = 8;

/** The text with `…` in the place of each of these secrets, the longest first. */
export function redacted(text: string, secrets: readonly string[]): string {
  return secrets
    .filter((secret) => secret !== '')
    .sort((a, b) => b.length - a.length)
    .reduce((rest, secret) => rest.replaceAll(secret, '…'), text);
}

/**
 * What may be secret of a URL: its path, its query and its credentials. Whoever is asked may quote them in its answer
 * (`Cannot POST /hook/key`).
 */
export function secretParts({ pathname, search, username, password, searchParams }: URL): readonly string[] {
  const parts = [...pathname.split('/'), ...searchParams.values(), username, password];
  return [pathname + search, pathname, search, ...parts].filter((part) => part.length >= SECRET_PART_LENGTH);
}
