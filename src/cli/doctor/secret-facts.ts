import { join } from 'node:path';
import { type AlertmanagerSecrets, alertmanagerSecrets } from '../../inspection/doctor/written-secrets.ts';
import { exists, readTextIfExists } from '../../platform/files.ts';
import { ownUser, userOfProcess } from '../../platform/permissions.ts';
import type { Stack } from '../../stack/stack.ts';
import { parseVersion, type Version } from '../../stack/version.ts';
import type { CommandContext } from '../command.ts';
import { pluginSchemas } from '../load-stack.ts';

/** Where nothing has run yet: any version that reads every secret from a file. */
const NEWEST: Version = { major: 0, minor: 34, patch: 0 };

/** What Alertmanager reads of the receivers' secrets, where Leitstand runs it. */
export async function alertmanagerOf(stack: Stack): Promise<AlertmanagerSecrets | undefined> {
  const isOurs = stack.runtime === 'native' && stack.components.some(({ name }) => name === 'alertmanager');
  if (!isOurs || !(await exists(stack.stateDir))) return undefined;
  const [{ nativeLayout }, { livingRecord }, { readDesired }] = await Promise.all([
    import('../../runtimes/native/layout.ts'),
    import('../../runtimes/native/without-daemon.ts'),
    import('../../runtimes/native/desired.ts'),
  ]);
  const layout = nativeLayout(stack.stateDir);
  // A damaged record of former runs is for `up` to complain about.
  const state = await readDesired(layout).catch(() => undefined);
  const desired = state?.components.find(({ component }) => component === 'alertmanager');
  const record = await livingRecord(layout, 'alertmanager');
  const runsAs = record === undefined ? undefined : await userOfProcess(record.pid);
  return alertmanagerSecrets(stack, {
    version: parseVersion(desired?.programVersion ?? '') ?? NEWEST,
    user: runsAs ?? ownUser(),
    hasRun: desired !== undefined,
    configFile: join(layout.rendered('alertmanager'), 'alertmanager.yml'),
    secretPath: (name) => layout.secret('alertmanager', name),
  });
}

const OWN_MACHINE = /\b(?:127\.0\.0\.1|localhost)\b|\[::1\]/;

/** What leads to this machine, as to the inbox, is no secret. */
export async function writtenOutIn(context: CommandContext, { file }: Stack): Promise<readonly number[]> {
  const text = await readTextIfExists(file);
  if (text === undefined) return [];
  const { linesWithSecrets } = await import('../../config/written-secrets.ts');
  const lines = text.split('\n');
  return linesWithSecrets(text, await pluginSchemas(context.catalog)).filter(
    (number) => !OWN_MACHINE.test(lines[number - 1] ?? ''),
  );
}
