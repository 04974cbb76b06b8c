import { type ShellCommand, type Values, wordsAfter } from './tree.ts';

/** A script for bash 4.4 and newer; needs nothing but bash itself. */
export function bashCompletion(commands: readonly ShellCommand[]): string {
  const after = wordsAfter(commands);
  const longest = Math.max(...commands.map(({ name }) => name.split(' ').length));
  return `# bash completion of leitstand, written by \`leitstand completion bash\`
_leitstand() {
  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}"
  local command= next= words= options= kind=words i
  # bash splits --name=value into three words.
  if [[ $cur == '=' ]]; then cur=
  elif [[ $prev == '=' ]]; then prev="\${COMP_WORDS[COMP_CWORD-2]}"; fi
  for ((i = 1; i < COMP_CWORD && i <= ${longest}; i++)); do
    case "$command\${command:+ }\${COMP_WORDS[i]}" in
      ${commands.map(({ name }) => quote(name)).join('|')}) command+="\${command:+ }\${COMP_WORDS[i]}" ;;
      ${groups(commands).map(quote).join('|')}) command+="\${command:+ }\${COMP_WORDS[i]}" ;;
      *) break ;;
    esac
  done
  case "$command" in
${[...after].map(([before, words]) => `    ${quote(before)}) next=${quote(words.join(' '))} ;;`).join('\n')}
  esac
  # What may follow counts only right after the command.
  ((i == COMP_CWORD)) || next=
  case "$command" in
    '') options='--help --version' ;;
${commands.map(commandCase).join('\n')}
  esac
  case "$command:$prev" in
${commands.flatMap(optionCases).join('\n')}
    *) [[ $cur == -* ]] && words=$options || words="$next $words"
       [[ -z $cur && $kind == words && -z \${words// } ]] && words=$options ;;
  esac
  compopt +o default 2>/dev/null
  case $kind in
    file) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -f -- "$cur") ;;
    directory) compopt -o filenames 2>/dev/null; mapfile -t COMPREPLY < <(compgen -d -- "$cur") ;;
    *) mapfile -t COMPREPLY < <(compgen -W "$words" -- "$cur") ;;
  esac
}
complete -F _leitstand leitstand
`;
}

/** Words that are no command by themselves: \`alert\`. */
function groups(commands: readonly ShellCommand[]): string[] {
  const names = new Set(commands.map(({ name }) => name));
  return [...wordsAfter(commands).keys()].filter((name) => name !== '' && !names.has(name));
}

function commandCase({ name, options, values }: ShellCommand): string {
  const all = options.flatMap((option) => option.names).join(' ');
  const own = values === undefined ? '' : ` ${assignment(values)}`;
  return `    ${quote(name)}) options=${quote(all)}${own} ;;`;
}

function optionCases({ name, options }: ShellCommand): string[] {
  return options.flatMap(({ names, values }) =>
    values === undefined
      ? []
      : [
          `    ${names.map((option) => quote(`${name}:${option}`)).join('|')}) words= ${assignment(values)} ;;`,
        ],
  );
}

function assignment(values: Values): string {
  return typeof values === 'string' ? `kind=${values}` : `words=${quote(values.words.join(' '))}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
