import type { Aim } from '../../delivery/request.ts';
import type { Standard } from '../../delivery/report.ts';
import { parseDuration } from '../../platform/units.ts';
import type { DeliveryMode } from '../../stack/delivery.ts';
import type { CommandInput } from '../command.ts';
import { cliErrors } from '../errors.ts';

export interface AlertTestOptions {
  /** Of `receivers`, no names are all. */
  readonly aim: Aim;
  readonly mode: DeliveryMode;
  readonly standard: Standard;
  readonly timeoutMs: number;
  readonly peerTimeoutMs: number;
  readonly dryRun: boolean;
  /** Alertmanagers that are tested without a leitstand.yaml; empty: that of the stack. */
  readonly alertmanagers: readonly string[];
  /** Where such a test is recorded; absent: nowhere. */
  readonly stateDir: string | undefined;
  /** The messages say that it is the drill of the schedule. */
  readonly isDrill: boolean;
  /** Milliseconds to wait for them. */
  readonly waitSeenMs: number | undefined;
}

/** Throws LS-CLI-001 for words that cannot be meant together. */
export function alertTestOptions(
  input: CommandInput,
  context: { readonly file?: string | undefined },
): AlertTestOptions {
  const alertmanagers = input.list('alertmanager').map(alertmanagerUrl);
  const options = {
    aim: aimOf(input),
    mode: modeOf(input),
    standard: (input.text('minVerdict') ?? 'accepted') as Standard,
    timeoutMs: durationOf(input, 'timeout', '15s'),
    peerTimeoutMs: durationOf(input, 'peerTimeout', '15s'),
    dryRun: input.flag('dryRun'),
    alertmanagers,
    stateDir: input.text('state'),
    isDrill: input.flag('drill'),
    waitSeenMs: input.text('waitSeen') === undefined ? undefined : durationOf(input, 'waitSeen', '5m'),
  };
  refuseTogether(options, context.file);
  return options;
}

function refuseTogether(
  { alertmanagers, mode, stateDir, aim }: AlertTestOptions,
  file: string | undefined,
): void {
  if (alertmanagers.length > 0 && file !== undefined)
    throw misuse(
      '--alertmanager and --file do not go together',
      'with --alertmanager nothing is read from a file; what a file should know of it belongs under `attach:`',
    );
  if (alertmanagers.length > 0 && mode !== 'alertmanager')
    throw misuse(
      mode === 'direct'
        ? '--direct needs the credentials of a leitstand.yaml'
        : '--from-prometheus needs a stack that Leitstand runs',
      `leave out --alertmanager, or --${mode === 'direct' ? 'direct' : 'from-prometheus'}`,
    );
  if (alertmanagers.length === 0 && stateDir !== undefined)
    throw misuse('--state goes with --alertmanager only', 'a stack records in its own state directory');
  if (mode === 'direct' && aim.kind !== 'receivers')
    throw misuse('--direct goes past all routes', 'name receivers: leitstand alert test --direct on-call');
}

function aimOf(input: CommandInput): Aim {
  const route = input.text('route');
  const chosen = [route !== undefined, input.flag('everyRoute'), input.args.length > 0].filter(Boolean);
  if (chosen.length > 1)
    throw misuse(
      'receivers, --route and --every-route do not go together',
      'leitstand alert test --every-route',
    );
  if (route !== undefined) return { kind: 'labels', labels: labelsOf(route) };
  if (input.flag('everyRoute')) return { kind: 'routes' };
  return { kind: 'receivers', names: input.args };
}

function modeOf(input: CommandInput): DeliveryMode {
  if (input.flag('direct') && input.flag('fromPrometheus'))
    throw misuse(
      '--direct and --from-prometheus do not go together',
      'one goes past Alertmanager, the other begins before it',
    );
  if (input.flag('direct')) return 'direct';
  return input.flag('fromPrometheus') ? 'prometheus' : 'alertmanager';
}

const PAIR = /^\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^,"]*))\s*(?:,|$)/s;

/** `team=water,severity="critical"`: a value with a comma in it stands in quotes. */
export function labelsOf(text: string): Readonly<Record<string, string>> {
  const labels: Record<string, string> = {};
  let rest = text;
  while (rest.trim() !== '') {
    const [whole, name, quoted, plain] = PAIR.exec(rest) ?? [];
    if (whole === undefined || name === undefined)
      throw misuse(
        `--route takes labels, not \`${text}\``,
        'leitstand alert test --route team=water,severity=critical',
      );
    if (Object.hasOwn(labels, name))
      throw misuse(
        `--route names \`${name}\` twice: an alert has one value of each label`,
        'run the test once for each value',
      );
    labels[name] = quoted === undefined ? (plain ?? '').trim() : quoted.replaceAll(/\\(.)/gs, '$1');
    rest = rest.slice(whole.length);
  }
  if (Object.keys(labels).length === 0)
    throw misuse('--route names no label', 'leitstand alert test --route team=water,severity=critical');
  return labels;
}

function alertmanagerUrl(text: string): string {
  const url = URL.parse(text);
  if (url && (url.protocol === 'http:' || url.protocol === 'https:')) return text.replace(/\/+$/, '');
  throw misuse(
    `--alertmanager takes a URL, not \`${text}\``,
    'leitstand alert test --alertmanager http://127.0.0.1:9093',
  );
}

function durationOf(
  input: CommandInput,
  name: 'timeout' | 'peerTimeout' | 'waitSeen',
  usual: string,
): number {
  const text = input.text(name) ?? usual;
  const ms = parseDuration(text);
  if (ms !== undefined && ms > 0) return ms;
  const flag = `--${name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  throw misuse(`${flag} takes a duration with its unit, not \`${text}\``, `leitstand alert test ${flag} 30s`);
}

function misuse(what: string, fix: string) {
  return cliErrors.error('LS-CLI-001', { what, fix });
}
