import { readFile } from 'node:fs/promises';
import type { SecretProblem } from '../../delivery/request.ts';
import { systemErrorCode } from '../../platform/errors.ts';
import type { SecretFile } from '../../stack/plan.ts';
import type { Runtime } from '../../stack/runtime.ts';
import type { Stack } from '../../stack/stack.ts';
import { parseVersion, type Version } from '../../stack/version.ts';

interface Place {
  readonly stack: Pick<Stack, 'integrations'>;
  readonly runtime: Pick<Runtime, 'launched' | 'place'>;
}

/** Looks at the files from which the running Alertmanager reads an integration's secrets; never quotes them. */
export async function secretFileCheck({ stack, runtime }: Place) {
  const launch = await runtime.launched('alertmanager');
  const alertmanager = launch && parseVersion(launch.version);
  return async (target: Pick<Stack['integrations'][number], 'receiver' | 'type' | 'index'>) => {
    const integration = stack.integrations.find(
      ({ receiver, type, index }) =>
        receiver === target.receiver && type === target.type && index === target.index,
    );
    if (!integration || !alertmanager) return undefined;
    for (const file of filesOf(integration, alertmanager)) {
      const problem = await problemOf(runtime.place('alertmanager').secret(file.name), file);
      if (problem) return problem;
    }
    return undefined;
  };
}

function filesOf(integration: Stack['integrations'][number], alertmanager: Version): readonly SecretFile[] {
  return integration.render({ alertmanager, secretPath: (name) => name }).secrets;
}

/** Read by the user that runs Alertmanager too: the native runtime has no other. */
async function problemOf(path: string, { name, value }: SecretFile): Promise<SecretProblem | undefined> {
  let content: string;
  try {
    content = await readFile(path, 'utf8');
  } catch (error) {
    const missing = systemErrorCode(error) === 'ENOENT';
    return {
      reason: missing
        ? `the secret file ${name} is missing: no such file`
        : `the secret file ${name} cannot be read: ${systemErrorCode(error) ?? 'unknown error'}`,
      fix: '`leitstand up` writes it anew, readable by Alertmanager',
    };
  }
  if (content.trim() === '')
    // The secret itself is not: a configuration with an empty one is refused.
    return { reason: `the secret file ${name} is empty`, fix: '`leitstand up` writes it anew' };
  if (content === value.reveal()) return undefined;
  return {
    reason: `the secret file ${name} holds another value than the ${value.label} has today: Alertmanager would use the old one`,
    fix: 'leitstand up',
  };
}
