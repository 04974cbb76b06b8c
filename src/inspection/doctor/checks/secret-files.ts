import { stat } from 'node:fs/promises';
import { systemErrorCode } from '../../../platform/errors.ts';
import { readTextIfExists } from '../../../platform/files.ts';
import { type ProcessUser, refusedAt } from '../../../platform/permissions.ts';
import { type DoctorLine, fail, ok, unknown, warn } from '../check.ts';
import type { AlertmanagerSecrets, WrittenSecret } from '../written-secrets.ts';

const UP = 'leitstand up';

/** What Alertmanager reads in place of each integration's secrets, looked at as the user it runs as. */
export async function writtenSecretLines(secrets: AlertmanagerSecrets): Promise<readonly DoctorLine[]> {
  const refused = secrets.refusals.map(({ details }) =>
    fail('receivers', details.what, { fix: details.fix ?? 'correct the receiver in leitstand.yaml' }),
  );
  const lines = await Promise.all(secrets.written.map((secret) => secretLine(secret, secrets)));
  return [...refused, ...lines.flat()];
}

async function secretLine(secret: WrittenSecret, secrets: AlertmanagerSecrets): Promise<DoctorLine[]> {
  const { whose, path } = secret;
  try {
    const refusal = await refusedAt(path, secrets.user);
    if (refusal !== undefined) return [unreadable(secret, refusal, secrets.user)];
    const text = await readTextIfExists(path);
    // Nothing has been started yet: `up` writes it.
    if (text === undefined) return secrets.hasRun ? [gone(secret)] : [];
    const { mode } = await stat(path);
    return [contentLine(secret, text), ...modeLines(secret, mode & 0o777)];
  } catch (error) {
    const code = systemErrorCode(error) ?? 'unknown reason';
    if (code === 'ENOENT') return secrets.hasRun ? [gone(secret)] : [];
    return [unknown(whose, `the file of its secret cannot be looked at: ${code}`, { matters: true })];
  }
}

function unreadable({ whose, path }: WrittenSecret, at: string, { uid }: ProcessUser): DoctorLine {
  const what = at === path ? 'the file of its secret' : `what is below ${at}, the file of its secret too`;
  return fail(whose, `Alertmanager runs as the user with the id ${uid}, who cannot read ${what}`, {
    wanted: 'readable by that user, and by nobody else',
    fix: `chown ${uid} ${at}, or run \`${UP}\` as that user`,
  });
}

function gone({ whose, path }: WrittenSecret): DoctorLine {
  return fail(whose, `the file of its secret is not there: ${path}`, {
    wanted: 'a file that Alertmanager reads at every send',
    fix: UP,
  });
}

function contentLine({ whose, path, value, isInline }: WrittenSecret, text: string): DoctorLine {
  const wanted = value.reveal();
  if (isInline ? holds(text, wanted) : text === wanted)
    return ok(whose, 'what Alertmanager reads for its secret is as it should be');
  if (text.trim() === '') return fail(whose, `the file of its secret is empty: ${path}`, { fix: UP });
  if (!isInline && text.includes('${'))
    return fail(whose, `the file of its secret holds a \`$\{\`, which nobody replaces: ${path}`, { fix: UP });
  return warn(whose, `its ${value.label} was changed, and Alertmanager still has the former one`, {
    wanted: 'the present one',
    fix: `${UP}${isInline ? '' : ': it is used at the next send, without a restart'}`,
  });
}

/** In a YAML file, as it is or in quotation marks. */
function holds(text: string, value: string): boolean {
  return text.includes(value) || text.includes(JSON.stringify(value).slice(1, -1));
}

function modeLines({ whose, path }: WrittenSecret, mode: number): DoctorLine[] {
  if ((mode & 0o077) === 0) return [];
  return [
    fail(whose, `others can read the file of its secret (mode ${mode.toString(8).padStart(4, '0')})`, {
      wanted: 'for its owner only',
      fix: `chmod go-rwx ${path}`,
    }),
  ];
}
