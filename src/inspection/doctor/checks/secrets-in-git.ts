import { basename, dirname, join, relative } from 'node:path';
import { exists } from '../../../platform/files.ts';
import type { Stack } from '../../../stack/stack.ts';
import { type DoctorLine, type DoctorWorld, fail, unknown, warn } from '../check.ts';

/** What git must not hold. Nothing outside a work tree, or without git. */
export async function trackedLines(
  { file, stateDir }: Pick<Stack, 'file' | 'stateDir'>,
  world: DoctorWorld,
): Promise<readonly DoctorLine[]> {
  const directory = dirname(file);
  const git = (...args: readonly string[]) => {
    const { PATH, HOME } = world.env;
    return world.run('git', ['-C', directory, ...args], {
      env: { PATH, HOME, LC_ALL: 'C', GIT_OPTIONAL_LOCKS: '0' },
      timeoutMs: 2_000,
      signal: world.signal,
    });
  };
  const inside = await git('rev-parse', '--is-inside-work-tree').catch(() => undefined);
  if (!inside || inside.stderr.includes('not a git repository')) return [];
  if (inside.exitCode !== 0) {
    const [why = 'it does not say why'] = inside.stderr.trim().split('\n');
    return [unknown('secrets in git', `git does not answer: ${why}`, { matters: false })];
  }
  const written =
    world.writtenOut.length > 0 && (await git('ls-files', '-z', '--', basename(file))).stdout !== ''
      ? [writtenOutLine(basename(file), world.writtenOut)]
      : [];
  const paths: string[] = [];
  for (const path of [join(directory, '.env'), join(directory, 'secrets'), stateDir]) {
    const near = relative(directory, path);
    if (!near.startsWith('..') && (await exists(path))) paths.push(near);
  }
  if (paths.length === 0) return written;
  const tracked = (await git('ls-files', '-z', '--', ...paths)).stdout
    .split('\0')
    .filter((name) => name !== '');
  const ignored = new Set((await git('check-ignore', '--', ...paths)).stdout.split('\n'));
  const open = paths.filter((path) => !ignored.has(path) && !tracked.some((name) => isBelow(name, path)));
  return [...written, ...trackedLine(tracked), ...openLine(open)];
}

function writtenOutLine(file: string, lines: readonly number[]): DoctorLine {
  const [first] = lines;
  return fail(
    'secrets in git',
    `git tracks ${file}, and a secret is written out in its line ${lines.join(', ')}`,
    {
      wanted: 'a name: ${secret:NAME}',
      fix: `put the value into .env as NAME=…, write \${secret:NAME} in line ${first ?? 0}, and replace the secret at its provider: it stays in the history`,
    },
  );
}

function isBelow(name: string, path: string): boolean {
  return name === path || name.startsWith(`${path}/`);
}

/** So many are named. */
const NAMED = 5;

function trackedLine(tracked: readonly string[]): DoctorLine[] {
  if (tracked.length === 0) return [];
  const named = tracked.slice(0, NAMED);
  const more = tracked.length === named.length ? '' : ` and ${tracked.length - named.length} more`;
  return [
    fail('secrets in git', `git tracks ${named.join(', ')}${more}`, {
      wanted: 'no secret in any commit',
      fix: `git rm --cached ${named.join(' ')}, put ${tracked.length === 1 ? 'it' : 'them'} into .gitignore, and replace the secret at its provider: it stays in the history`,
    }),
  ];
}

function openLine(open: readonly string[]): DoctorLine[] {
  const [first] = open;
  if (first === undefined) return [];
  return [
    warn('secrets in git', `git does not ignore ${open.join(', ')}: the next \`git add .\` takes it`, {
      fix: `echo ${first} >> .gitignore`,
    }),
  ];
}
