import type { CommandInput, OptionSpec } from './command.ts';
import { cliErrors } from './errors.ts';

export function limitOption(description: string): OptionSpec {
  return { flags: '--limit <n>', description, default: '20' };
}

/** Throws LS-CLI-001 unless it is a whole number from 1 on; `command` is what to type. */
export function readLimit(input: CommandInput, command: string): number {
  const text = input.text('limit') ?? '';
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1) return limit;
  throw cliErrors.error('LS-CLI-001', {
    what: `--limit takes a whole number from 1 on, not \`${text}\``,
    fix: `${command} --limit 20`,
  });
}
