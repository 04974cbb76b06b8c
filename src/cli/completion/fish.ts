import { type ShellCommand, type Values, wordsAfter } from './tree.ts';

/** A script for fish 3 and newer. */
export function fishCompletion(commands: readonly ShellCommand[]): string {
  const after = wordsAfter(commands);
  const summaries = new Map(commands.map(({ name, summary }) => [name, summary]));
  const words = [...after].flatMap(([before, list]) =>
    list.map((word) => {
      const name = before === '' ? word : `${before} ${word}`;
      const summary = summaries.get(name) ?? `${(after.get(name) ?? []).join(', ')}`;
      return `complete -c leitstand -n ${quote(`__leitstand_is_exactly ${quote(before)}`)} -a ${quote(word)} -d ${quote(summary)}`;
    }),
  );
  return `# fish completion of leitstand, written by \`leitstand completion fish\`
function __leitstand_command
  set -l names ${[...new Set([...summaries.keys(), ...after.keys()])]
    .filter((name) => name !== '')
    .map(quote)
    .join(' ')}
  set -l command
  for word in (commandline -opc)[2..]
    set -l longer (string join -- ' ' $command $word)
    contains -- $longer $names; or break
    set command $longer
  end
  echo "$command"
end
function __leitstand_is
  test (__leitstand_command) = "$argv[1]"
end
function __leitstand_is_exactly
  set -l words (commandline -opc)[2..]
  test "$words" = "$argv[1]"
end
complete -c leitstand -f
${words.join('\n')}
${commands.flatMap(commandLines).join('\n')}
`;
}

function commandLines({ name, options, values }: ShellCommand): string[] {
  const here = `complete -c leitstand -n ${quote(`__leitstand_is ${quote(name)}`)}`;
  const own = values === undefined || values === 'nothing' ? [] : [`${here} ${offered(values)}`];
  return [
    ...own,
    ...options.map((option) => {
      const names = option.names.map((word) =>
        word.startsWith('--') ? `-l ${word.slice(2)}` : `-s ${word.slice(1)}`,
      );
      const takes = option.values === undefined ? '' : ` -x ${offered(option.values)}`.trimEnd();
      return `${here} ${names.join(' ')}${takes} -d ${quote(option.description)}`;
    }),
  ];
}

function offered(values: Values): string {
  if (values === 'nothing') return '';
  if (values === 'directory') return `-a '(__fish_complete_directories)'`;
  return values === 'file' ? `-a '(__fish_complete_path)'` : `-a ${quote(values.words.join(' '))}`;
}

function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", String.raw`\'`)}'`;
}
