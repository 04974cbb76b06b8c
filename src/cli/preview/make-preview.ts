import { tmpdir } from 'node:os';
import { previewAlerts } from '../../delivery/preview/preview.ts';
import { PREVIEW_CASES, type PreviewReport } from '../../delivery/preview/report.ts';
import { neededPrograms } from '../../deployment/plans.ts';
import type { Stack } from '../../stack/stack.ts';
import type { CommandContext, CommandInput } from '../command.ts';
import { cliErrors } from '../errors.ts';
import { loadStack } from '../load-stack.ts';
import { openProvisioning } from '../open-deployment.ts';
import { openRuntime } from '../open-runtime.ts';
import { chooseExample } from './example-alert.ts';

export interface MadePreview {
  readonly report: PreviewReport;
  readonly stack: Stack;
  /** What is not as it would be, in words. */
  readonly notes: readonly string[];
}

/** As the command line asks for it. Throws LS-CLI-001 and LS-CLI-003 for what makes no sense, and the use case's. */
export async function makePreview(context: CommandContext, input: CommandInput): Promise<MadePreview> {
  const labels = labelsOf(input);
  const stack = await loadStack(context);
  const receivers = receiversOf(stack, input.args);
  const [components, plugins, runtime, provision] = await Promise.all([
    context.catalog.components(),
    context.catalog.receivers(),
    openRuntime(context, stack),
    openProvisioning(context, stack),
  ]);
  const world = { stack, components, runtime };
  const { example, isRule, notes } = chooseExample(world, input.text('alert'), labels);
  const wanted = stack.components.filter(({ name }) => name === 'alertmanager');
  const programs = await provision(neededPrograms({ ...stack, components: wanted }, components));
  const program = (name: string) => {
    const found = programs.get(name);
    if (!found) throw new TypeError(`${name} was provisioned, and is not there`);
    return found;
  };
  const alertmanager = components.get('alertmanager');
  if (!alertmanager) throw new TypeError('the configuration was accepted without an Alertmanager');
  const report = await previewAlerts({
    stack,
    plugins: [...plugins.values()],
    program: program('alertmanager'),
    plan: (shown, place) =>
      alertmanager.plan({ config: wanted[0]?.config, stack: shown, offers: [], place, programs: program }),
    runtime,
    scratchDir: context.env['TMPDIR'] ?? tmpdir(),
    receivers,
    cases: PREVIEW_CASES.filter((which) => ['all', which].includes(input.text('case') ?? 'all')),
    example,
    isRule,
    labels,
    clock: context.clock,
    signal: context.signal,
  });
  return { report, stack, notes };
}

/** All of them, or those that are asked for. */
function receiversOf(stack: Stack, asked: readonly string[]): readonly string[] {
  const { receivers, runtime, file } = stack;
  if (runtime === 'external' || receivers.length === 0) {
    throw cliErrors.error('LS-CLI-003', {
      what: `the stack ${stack.name} has no receiver of its own`,
      ...(runtime === 'external'
        ? { why: 'whom an attached Alertmanager tells, and how, stands in its own configuration' }
        : {}),
      where: { file },
      fix:
        runtime === 'external'
          ? 'to see what it sends, point one of its receivers to the inbox: leitstand inbox serve'
          : 'add one to `receivers`; docs/alerting.md shows how',
    });
  }
  const unknown = asked.filter((name) => !receivers.includes(name));
  if (unknown.length > 0) {
    throw cliErrors.error('LS-CLI-003', {
      what: `there is no receiver ${unknown.join(', ')}`,
      fix: `the receivers are: ${receivers.join(', ')}`,
    });
  }
  return asked.length === 0 ? receivers : asked;
}

const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)=(.*)$/s;

function labelsOf(input: CommandInput): Readonly<Record<string, string>> {
  const text = input.text('labels') ?? '';
  const parts = text === '' ? [] : text.split(',');
  return Object.fromEntries(
    parts.map((part) => {
      const [, name, value] = LABEL.exec(part.trim()) ?? [];
      if (name !== undefined && value !== undefined) return [name, value];
      throw cliErrors.error('LS-CLI-001', {
        what: `--labels takes names and values, not \`${part}\``,
        fix: 'leitstand alert preview --labels severity=critical,team=water',
      });
    }),
  );
}
