import { homedir } from 'node:os';
import { isAbsolute, join } from 'node:path';
import type { Environment } from './environment.ts';
import { exists } from './files.ts';

/** The system's service manager, or that of one user. */
export type SystemdScope = 'system' | 'user';

/** Whether that manager runs here. Source: sd_booted(3); a user's manager makes `systemd/` in `$XDG_RUNTIME_DIR`. */
export async function isSystemdRunning(scope: SystemdScope, env: Environment): Promise<boolean> {
  if (!(await exists('/run/systemd/system'))) return false;
  if (scope === 'system') return true;
  const runtime = env['XDG_RUNTIME_DIR'];
  return runtime !== undefined && isAbsolute(runtime) && (await exists(join(runtime, 'systemd', 'private')));
}

/** Where an administrator's own units go. Source: systemd.unit(5), unit file load path. */
export function unitDirectory(scope: SystemdScope, env: Environment): string {
  if (scope === 'system') return '/etc/systemd/system';
  const [config, home] = [env['XDG_CONFIG_HOME'], env['HOME']];
  const base =
    config !== undefined && isAbsolute(config)
      ? config
      : join(home !== undefined && isAbsolute(home) ? home : homedir(), '.config');
  return join(base, 'systemd', 'user');
}

/** The unit that runs a stack's daemon. */
export function serviceUnitName(stack: string): string {
  return `leitstand-${stack}.service`;
}

/**
 * One value as systemd reads it back: in quotes where it has to be, `%` doubled, since it starts a specifier. Source:
 * systemd.syntax(7), "Quoting"; systemd.unit(5), "Specifiers". Throws a bug for a line break, which no quoting keeps
 * in one line of the file.
 */
export function quoteForUnit(value: string): string {
  if (/[\n\r\0]/.test(value)) throw new TypeError('a line break cannot be in a value of a unit');
  const text = value.replaceAll('%', '%%');
  if (/^[\w@%+=:,./-]+$/.test(text)) return text;
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', String.raw`\"`)}"`;
}

/** A word of a command line, in which `$` would be a variable. Source: systemd.service(5), "Command lines". */
export function quoteForExec(word: string): string {
  return quoteForUnit(word).replaceAll('$', '$$$$');
}

const STATE_LINE = '# State directory: ';

/** First lines of a file of ours, for others that are not touched. `writer`: the command that writes it. */
export function unitHead(writer: string, stateDir: string): string[] {
  return [
    markOf(writer),
    // As in JSON, so that whatever the path holds, it stays one line.
    `${STATE_LINE}${JSON.stringify(stateDir)}`,
  ];
}

/** The state directory that a file of ours is for; undefined when the writer did not write it. */
export function servedIn(writer: string, text: string): string | undefined {
  if (!text.startsWith(markOf(writer))) return undefined;
  const line = text.split('\n').find((each) => each.startsWith(STATE_LINE));
  try {
    const value: unknown = JSON.parse(line?.slice(STATE_LINE.length) ?? '');
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

function markOf(writer: string): string {
  return `# Written by \`${writer}\`: changes are lost with the next one.`;
}
