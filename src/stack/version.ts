/** A program's version; what a build does not say is undefined, never guessed. */
export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

export function parseVersion(text: string): Version | undefined {
  const match = /^v?(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  return match
    ? { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3] ?? 0) }
    : undefined;
}

export function formatVersion(version: Version): string {
  return `${version.major}.${version.minor}.${version.patch}`;
}

/** `isAtLeast(version, '0.26')`. */
export function isAtLeast(version: Version, minimum: string): boolean {
  const wanted = parseVersion(minimum);
  if (!wanted) throw new TypeError(`not a version: ${minimum}`);
  return (version.major - wanted.major || version.minor - wanted.minor || version.patch - wanted.patch) >= 0;
}
