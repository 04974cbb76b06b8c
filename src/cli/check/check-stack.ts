import { dirname, join } from 'node:path';
import { judgeStack, type Verdicts } from '../../deployment/judge.ts';
import type { Deployment } from '../../deployment/up.ts';
import { inspectionErrors } from '../../inspection/errors.ts';
import type { Finding } from '../../inspection/finding.ts';
import { inspect } from '../../inspection/inspect.ts';
import type { Service } from '../../inspection/model.ts';
import { fileLookup } from '../../inspection/read/file-lookup.ts';
import { readModel, type TextFile } from '../../inspection/read/read-model.ts';
import { type PlacedWaiver, waiversInText } from '../../inspection/waivers.ts';
import { readTextIfExists } from '../../platform/files.ts';
import { keyLocator } from '../../rules/locate.ts';
import type { Plan } from '../../stack/plan.ts';
import type { Stack } from '../../stack/stack.ts';
import type { CommandContext } from '../command.ts';
import { loadStack } from '../load-stack.ts';
import { attachedFiles } from '../attached-files.ts';
import { openDeployment } from '../open-deployment.ts';
import { openRuntime } from '../open-runtime.ts';
import { shownPath } from '../shown-path.ts';
import { type Checked, checkFiles, today } from './check-files.ts';
import { lonelyReceivers } from './lonely-receivers.ts';
import { notEncrypted } from './not-encrypted.ts';

/** What `up` would write, judged by the programs and by the lint; of an attached stack, the files that it names. */
export async function checkStack(context: CommandContext): Promise<Checked> {
  const stack = await loadStack(context);
  return stack.runtime === 'external' ? checkAttached(context, stack) : checkRendered(context, stack);
}

async function checkAttached(context: CommandContext, stack: Stack): Promise<Checked> {
  const names = stack.components.map(({ name }) => name);
  if (!names.includes('prometheus') && !names.includes('alertmanager'))
    throw inspectionErrors.error('LS-CHECK-022', {
      what: `the attached stack ${stack.name} has nothing that could be checked`,
      why: 'neither a Prometheus nor an Alertmanager is attached',
      where: { file: stack.file },
      fix: 'attach one of them, or: leitstand check --files DIRECTORY',
    });
  const runtime = await openRuntime(context, stack);
  const { files, notes } = await attachedFiles({ stack, runtime, signal: context.signal });
  const shown = files.map(({ file, text }) => ({ file: shownPath(context.cwd, file), text }));
  const fileOf = (name: string) =>
    stack.components.find((component) => component.name === name)?.attached?.configFile;
  const common = { inContainers: false, waivers: waiversOf(stack) };
  // Without a note every file was read from disk, where the validators can read it too.
  return notes.length > 0
    ? checkFiles(context, { ...common, loaded: { files: shown, notes } })
    : checkFiles(context, {
        ...common,
        prometheus: fileOf('prometheus'),
        alertmanager: fileOf('alertmanager'),
      });
}

async function checkRendered(context: CommandContext, stack: Stack): Promise<Checked> {
  const deployment = await openDeployment(context, stack);
  const { plans, verdicts } = await judgeStack(deployment);
  // The lint reads while the programs judge.
  const [{ refusals, ruleFailures }, { own, model, files }] = await Promise.all([
    verdicts,
    readStack(context, deployment, plans),
  ]);
  const inspection = inspect({
    model,
    others: [
      ...refusals.map((refusal) => refusalFinding(refusal, stack)),
      ...ruleFailures.map((failure) => ruleFinding(failure, stack)),
      ...lonelyReceivers(stack),
      ...notEncrypted(stack),
    ],
    waivers: [...waiversOf(stack), ...[...own].flatMap(([text, file]) => waiversInText(file, text))],
    today: today(context),
  });
  return {
    inspection,
    files,
    rules: model.ruleFiles.flatMap(({ groups }) => groups.flatMap(({ rules }) => rules)).length,
  };
}

async function readStack(context: CommandContext, deployment: Deployment, plans: readonly Plan[]) {
  const own = await ownRuleFiles(context, deployment.stack);
  const files = plans.flatMap((plan) => textFiles(context, deployment, plan, own));
  const pathOf = (plan: Plan, path: string) => renderedPath(context, deployment, plan, path);
  const model = readModel({
    origin: 'stack',
    files,
    services: plans.map((plan) => serviceOf(plan, deployment.stack)),
    context: 'host',
    fileExists: fileLookup(
      plans.flatMap((plan) => plan.files.map(({ path }) => pathOf(plan, path))),
      plans.map((plan) => pathOf(plan, '')),
    ),
  });
  return { own, model, files: files.length };
}

function waiversOf({ waivers, file }: Stack): PlacedWaiver[] {
  return waivers.map((waiver) => ({ ...waiver, where: { file } }));
}

/** The user's rule files by their text: a finding in one names it, and not the copy that is rendered from it. */
async function ownRuleFiles(context: CommandContext, { rules }: Stack): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  for (const path of rules.files) {
    const text = await readTextIfExists(path);
    if (text !== undefined) found.set(text, shownPath(context.cwd, path));
  }
  return found;
}

function textFiles(
  context: CommandContext,
  deployment: Deployment,
  plan: Plan,
  own: ReadonlyMap<string, string>,
): TextFile[] {
  return plan.files
    .filter(({ path }) => /\.ya?ml$/.test(path))
    .map(({ path, content }) => ({
      file: own.get(content) ?? renderedPath(context, deployment, plan, path),
      text: content,
    }));
}

function renderedPath(
  context: CommandContext,
  { runtime }: Deployment,
  { component }: Plan,
  path: string,
): string {
  return shownPath(context.cwd, join(runtime.place(component).config, path));
}

function serviceOf(plan: Plan, { file }: Stack): Service {
  return {
    name: plan.component,
    where: { file },
    directory: dirname(file),
    image: '',
    args: plan.args,
    memoryLimit: plan.memoryLimit === undefined ? undefined : { bytes: plan.memoryLimit, where: { file } },
    mounts: [],
    usesHostNetwork: true,
    origin: plan.program.origin,
  };
}

function refusalFinding({ details }: Verdicts['refusals'][number], { file }: Stack): Finding {
  return {
    code: 'LS-CHECK-020',
    severity: 'error',
    subject: details.what,
    where: { file },
    what: details.what,
    why: details.why ?? 'its own words follow',
    fix: 'correct what it names, in the configuration or in your rule files',
    ...(details.detail === undefined ? {} : { detail: details.detail }),
  };
}

function ruleFinding(failure: Verdicts['ruleFailures'][number], { file, environment }: Stack): Finding {
  const { alert, test, detail } = failure;
  const where = alert === undefined ? { file } : keyLocator(file, environment)(['rules', 'alerts', alert]);
  return {
    code: 'LS-CHECK-023',
    severity: 'error',
    subject: alert ?? 'shipped rules',
    where,
    what: alert === undefined ? test : `${alert} does not pass its test "${test}" with your settings`,
    why: 'with these settings the alert does not do what it is for; promtool says:',
    fix: `leitstand explain ${alert ?? 'LS-CHECK-023'} shows its parameters and their ranges`,
    detail: detail.slice(0, 10),
  };
}
