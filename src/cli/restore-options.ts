import { matchesPath } from '../platform/path-patterns.ts';
import type { RestoreOwner } from '../repository/restore-owner.ts';
import type { RestoreSelection } from '../repository/restore.ts';
import type { CommandInput } from './command.ts';
import { cliErrors } from './errors.ts';

/** Undefined: all files. A pattern is held against the path in the snapshot and the one that the file is restored to. */
export function selectionOf(input: CommandInput): RestoreSelection | undefined {
  const [include, exclude] = [input.list('include'), input.list('exclude')];
  if (include.length + exclude.length === 0) return undefined;
  const isMeant = (patterns: readonly string[], paths: readonly string[]) =>
    patterns.some((pattern) => paths.some((path) => matchesPath(path, pattern)));
  return {
    words: [
      ...include.toSorted().map((pattern) => `--include '${pattern}'`),
      ...exclude.toSorted().map((pattern) => `--exclude '${pattern}'`),
    ].join(' '),
    includes: (...paths) => (include.length === 0 || isMeant(include, paths)) && !isMeant(exclude, paths),
  };
}

/** Of `--owner`; throws LS-CLI-001. */
export function ownerOf(input: CommandInput): RestoreOwner | undefined {
  const text = input.text('owner');
  if (text === undefined) return undefined;
  if (text === 'keep') return 'recorded';
  if (text === 'me') return 'own';
  const [, uid, gid] = /^(\d{1,10}):(\d{1,10})$/.exec(text) ?? [];
  if (uid !== undefined && gid !== undefined) return { uid: Number(uid), gid: Number(gid) };
  throw cliErrors.error('LS-CLI-001', {
    what: `--owner takes keep, me or two numbers, not \`${text}\``,
    fix: "`--owner keep`, `--owner me`, or user and group by number, of somebody's `id -u` and `id -g`: `--owner 65534:65534`",
  });
}

/** What can be asked for only one way at a time; throws LS-CLI-001. */
export function assertSensible(input: CommandInput, json: boolean): void {
  const [target] = input.args;
  const isOneFile = input.text('path') !== undefined;
  const parts = ['snapshot', 'source', 'path'].filter((name) => input.text(name) !== undefined);
  const isPart = parts.length > 0 || selectionOf(input) !== undefined;
  const mistake =
    input.flag('all') && (isPart || target === '-')
      ? [
          '`--all` restores the newest of everything, and other options choose among it',
          'leave one of them out',
        ]
      : target === '-' && !isOneFile
        ? ['only one file can be written to stdout', 'name it with `--path`']
        : isOneFile && selectionOf(input)
          ? [
              '`--path` is one file, and `--include` and `--exclude` choose among many',
              'leave one of them out',
            ]
          : target === '-' && json
            ? ["a file's content and `--json` cannot both go to stdout", 'leave out `--json`']
            : undefined;
  if (mistake) throw cliErrors.error('LS-CLI-001', { what: mistake[0] ?? '', fix: mistake[1] });
}
