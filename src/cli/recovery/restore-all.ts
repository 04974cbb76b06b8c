import { relative, resolve } from 'node:path';
import type { RestoredStack } from '../../backup/restore-stack.ts';
import { EXIT } from '../../platform/exit-codes.ts';
import { formatSize, plural } from '../../platform/units.ts';
import type { CommandContext, CommandInput, CommandResult } from '../command.ts';
import type { OpenedBackups } from '../open-backups.ts';
import { shellWord } from '../shell-word.ts';
import { shownPath } from '../shown-path.ts';
import { formatTime, table } from '../terminal.ts';

/** `leitstand restore --all`: everything in its place, and what is left to be done by a person. */
export async function restoreAll(
  context: CommandContext,
  input: CommandInput,
  { repository, layoutOf }: OpenedBackups,
): Promise<CommandResult> {
  const [{ restoreStack }, { ownerOf }] = await Promise.all([
    import('../../backup/restore-stack.ts'),
    import('../restore-options.ts'),
  ]);
  const target = resolve(context.cwd, input.args[0] ?? '');
  const restored = await restoreStack({
    repository,
    target,
    restorePath: (component, path) => layoutOf(component)?.restorePath(path) ?? path,
    owner: ownerOf(input),
    keepGoing: input.flag('keepGoing'),
    signal: context.signal,
    onProgress: context.onProgress,
  });
  return {
    exit: restored.parts.some(({ lost }) => lost.length > 0) ? EXIT.partial : EXIT.ok,
    text: textOf(context, restored),
    json: JSON.parse(JSON.stringify(restored)),
  };
}

function textOf(context: CommandContext, restored: RestoredStack): string {
  const { target, parts, outside } = restored;
  const shown = (path: string) => shownPath(context.cwd, path);
  const elsewhere = parts.filter(({ isAside }) => isAside);
  return [
    table([
      ['SOURCE', 'OF', 'FILES', 'SIZE', 'INTO'],
      ...parts.map((part) => [
        part.component,
        formatTime(part.cutoff),
        part.wasThere ? 'there' : String(part.files),
        part.wasThere ? '' : formatSize(part.bytes),
        shown(part.target),
      ]),
    ]),
    '',
    `Restored the stack into ${shown(target)}. Every byte was checked.`,
    ...parts
      .filter(({ lost }) => lost.length > 0)
      .flatMap(({ component, lost }) => [
        '',
        `LOST of ${component}: ${plural(lost.length, 'file')}`,
        table(lost.map(({ path, problem }) => [path, problem])),
      ]),
    ...elsewhere.map(
      ({ component, target: place }) =>
        `${component} is run by somebody else: its data lies in ${shown(place)}; stop it, and put it into its place.`,
    ),
    ...(outside.length === 0 ? [] : ['', ...missingText(outside)]),
    '',
    'Next:',
    ...nextSteps(context, restored),
  ].join('\n');
}

/** Values that no backup holds. */
function missingText(outside: RestoredStack['outside']): string[] {
  return [
    `No backup holds the values of ${plural(outside.length, 'name')}. Put them back, each where it was:`,
    table(
      outside.map(({ kind, name, from, mode }) => [
        `  ${name}`,
        kind,
        from === undefined
          ? 'was not set'
          : from === 'environment'
            ? 'in the environment'
            : from === '.env'
              ? 'in .env (chmod 600)'
              : `in the file ${from} (chmod ${mode ?? '600'})`,
      ]),
    ),
  ];
}

function nextSteps(context: CommandContext, { target, environment, file }: RestoredStack): string[] {
  const directory = shownPath(context.cwd, target);
  const option = environment === undefined || environment === 'local' ? '' : ` --env ${environment}`;
  const named = file === 'leitstand.yaml' ? '' : ` --file ${shellWord(file)}`;
  return [
    table([
      ...(relative(context.cwd, target) === '' ? [] : [[`  cd ${shellWord(directory)}`, '']]),
      [`  leitstand doctor${named}${option}`, 'is this machine fit for it?'],
      [`  leitstand up${named}${option}`, 'start it'],
      [`  leitstand backup${named}${option}`, 'a full one: this machine has no keys of older packs'],
      [`  leitstand drill${named}${option}`, 'prove that it restores'],
    ]),
    ...(option === ''
      ? []
      : [
          `It ran as ${environment}: to leave \`${option.trim()}\` out, put LEITSTAND_ENV=${environment} into .env (chmod 600).`,
        ]),
    'When the old machine was stolen or may still run: docs/recovery.md.',
  ];
}
