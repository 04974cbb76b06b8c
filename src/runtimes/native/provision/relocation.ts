import { chmod, cp, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/**
 * Debian's builds read templates and web pages from an absolute path that is compiled in. Unpacked without
 * installing, that path is not there: Alertmanager does not start without its templates. The path in the copy is
 * therefore made relative (`/usr/share` → `usr//share`, the same length, so that nothing else in the file moves),
 * the files are laid beside it, and a launcher starts it in its own directory.
 */
const ABSOLUTE = '/usr/';
const RELATIVE = 'usr//';

export const LAUNCHER = `#!/bin/sh
# Debian's build with its files beside it instead of in /usr/share.
cd "\${0%/*}" && exec "./\${0##*/}.debian" "$@"
`;

/** Name of the real executable behind the launcher. */
export function relocatedName(name: string): string {
  return `${name}.debian`;
}

/**
 * Turns `directory/name` into a launcher of a relocated copy. `data` is the compiled-in directory, `root` where the
 * package was unpacked. False when the build does not hold that path: then nothing was changed.
 */
export async function relocate(
  directory: string,
  name: string,
  { data, root }: { readonly data: string; readonly root: string },
): Promise<boolean> {
  const program = await readFile(join(directory, name));
  const replacement = Buffer.from(data.replace(ABSOLUTE, RELATIVE));
  let found = 0;
  for (let at = program.indexOf(data); at !== -1; at = program.indexOf(data, at + data.length)) {
    replacement.copy(program, at);
    found += 1;
  }
  if (found === 0) return false;
  const path = join(directory, relocatedName(name));
  await writeFile(path, program, { mode: 0o755 });
  await chmod(path, 0o755);
  await cp(join(root, data), join(directory, data), { recursive: true, verbatimSymlinks: true });
  await writeFile(join(directory, name), LAUNCHER);
  await chmod(join(directory, name), 0o755);
  return true;
}
