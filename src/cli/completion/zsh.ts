import { type ShellCommand, type ShellOption, type Values, wordsAfter } from './tree.ts';

/** A script for zsh 5 and newer: to be sourced after `compinit`, or put as `_leitstand` into a directory of `fpath`. */
export function zshCompletion(commands: readonly ShellCommand[]): string {
  const after = wordsAfter(commands);
  const summaries = new Map(commands.map(({ name, summary }) => [name, summary]));
  const longest = Math.max(...commands.map(({ name }) => name.split(' ').length));
  const known = [...new Set([...summaries.keys(), ...after.keys()])].filter((name) => name !== '');
  return `#compdef leitstand
# zsh completion of leitstand, written by \`leitstand completion zsh\`
_leitstand() {
  local command= i
  local -a next
  for ((i = 2; i < CURRENT && i <= ${longest + 1}; i++)); do
    case "$command\${command:+ }\${words[i]}" in
      (${known.map(quote).join('|')}) command+="\${command:+ }\${words[i]}" ;;
      (*) break ;;
    esac
  done
  if ((i == CURRENT)); then
    case "$command" in
${[...after].map(([before, list]) => `      (${quote(before)}) next=(${list.map((word) => described(word, before, summaries, after)).join(' ')}) ;;`).join('\n')}
    esac
    (($#next)) && _describe -t commands 'leitstand command' next
  fi
  [[ -n $command ]] || return
  # The command's own words count as one.
  words=("$command" "\${(@)words[i,-1]}")
  ((CURRENT -= i - 2))
  case "$command" in
${commands.map(commandCase).join('\n')}
  esac
}
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then _leitstand "$@"; else compdef _leitstand leitstand; fi
`;
}

function described(
  word: string,
  before: string,
  summaries: ReadonlyMap<string, string>,
  after: ReadonlyMap<string, readonly string[]>,
): string {
  const name = before === '' ? word : `${before} ${word}`;
  const summary = summaries.get(name) ?? (after.get(name) ?? []).join(', ');
  return quote(`${word}:${summary.replaceAll(':', String.raw`\:`)}`);
}

function commandCase({ name, options, values }: ShellCommand): string {
  const specs = [...options.map(optionSpec), ...(values === undefined ? [] : [argumentSpec(values)])];
  return `    (${quote(name)}) _arguments -S ${specs.join(' ')} ;;`;
}

function optionSpec({ names, description, values }: ShellOption): string {
  const text = `[${description.replaceAll(/[[\]\\]/g, String.raw`\$&`)}]`;
  const takes = values === undefined ? '' : `:value:${action(values)}`;
  const isLong = names.length === 1;
  const exclusive = isLong ? '' : quote(`(${names.join(' ')})`);
  return `${exclusive}${isLong ? '' : `{${names.join(',')}}`}${quote(`${isLong ? names.join('') : ''}${text}${takes}`)}`;
}

function argumentSpec(values: Values): string {
  return quote(`*:argument:${action(values)}`);
}

function action(values: Values): string {
  if (values === 'nothing') return ' ';
  if (values === 'directory') return '_files -/';
  return values === 'file' ? '_files' : `(${values.words.join(' ')})`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
