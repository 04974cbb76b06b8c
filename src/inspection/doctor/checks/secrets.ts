import { dirname, join } from 'node:path';
import { isMap, isPair, isScalar, parseDocument, visit } from 'yaml';
import { findSecret } from '../../../config/secrets.ts';
import { loadVariables } from '../../../config/variables.ts';
import { readTextIfExists } from '../../../platform/files.ts';
import { Secret } from '../../../stack/secret.ts';
import type { EnvironmentName } from '../../../stack/stack.ts';
import { type DoctorCheck, type DoctorLine, type DoctorWorld, fail, ok, warn } from '../check.ts';
import { trackedLines } from './secrets-in-git.ts';

export const secretsCheck: DoctorCheck = {
  name: 'secrets',
  title: 'secrets',
  needs: 'places',
  run: async (world) => {
    const { stack } = world;
    if (!stack) return [];
    const directory = dirname(stack.file);
    const text = (await readTextIfExists(stack.file)) ?? '';
    const { environment } = await loadVariables(directory, world.env);
    const lines = await Promise.all(
      referencesIn(text, stack.environment).map((reference) =>
        secretLine(reference, directory, environment, world),
      ),
    );
    return [...lines.flat(), ...(await trackedLines(directory, stack.stateDir, world))];
  },
};

interface Reference {
  readonly name: string;
  /** The key whose value it is: `webhook_url`. */
  readonly key: string;
}

/** Each secret once; those of other environments are not looked for here. A broken file gives what can be read. */
export function referencesIn(text: string, environment: EnvironmentName): readonly Reference[] {
  const found = new Map<string, Reference>();
  visit(parseDocument(text, { logLevel: 'silent', uniqueKeys: false }), {
    Pair: (_, pair, path) => {
      const key = isScalar(pair.key) ? String(pair.key.value) : '';
      const above = path.findLast(isPair);
      const isOverlay = above !== undefined && isScalar(above.key) && above.key.value === 'environments';
      if (isOverlay && key !== environment && isMap(pair.value)) return visit.SKIP;
      const value = isScalar(pair.value) ? String(pair.value.value) : '';
      const name = /^\$\{secret:([A-Za-z_]\w*)\}$/.exec(value.trim())?.[1];
      if (name !== undefined && !found.has(name)) found.set(name, { name, key });
      return undefined;
    },
  });
  return [...found.values()];
}

async function secretLine(
  { name, key }: Reference,
  directory: string,
  environment: Awaited<ReturnType<typeof loadVariables>>['environment'],
  { mistakes }: DoctorWorld,
): Promise<DoctorLine[]> {
  const secret = await findSecret(name, directory, environment);
  if (secret instanceof Secret) {
    const problem = shapeProblem(key, secret.reveal());
    if (problem === undefined) return [ok(name, 'there, and its form is right')];
    const place = `its value: in the environment, .env or ${join(directory, 'secrets', name)}`;
    return [
      problem.isCertain
        ? fail(name, problem.what, { fix: `correct ${place}` })
        : warn(name, problem.what, { fix: `look at ${place}` }),
    ];
  }
  const { what, fix } = secret instanceof Error ? secret.details : secret;
  // The file's own line says the same, and where.
  if (mistakes.some(({ details }) => details.what === what)) return [];
  return [fail(name, what, { fix: fix ?? `put ${name} into .env (mode 0600)` })];
}

interface Problem {
  /** Never quotes the value. */
  readonly what: string;
  readonly isCertain: boolean;
}

const PLACEHOLDER = /^(?:change[-_ ]?me|password|secret|todo|x{3,}|\*+|\.{3}|<.*>|your[-_ ].*|example)$/i;

/** What is wrong with the form of a value, by the key that it is for. */
export function shapeProblem(key: string, value: string): Problem | undefined {
  const certain = (what: string): Problem => ({ what, isCertain: true });
  if (PLACEHOLDER.test(value)) return certain('a placeholder, which nobody has replaced');
  if (value !== value.trim()) return { what: 'white space at its beginning or end', isCertain: false };
  if (/^(["']).*\1$/s.test(value))
    return { what: 'quotes around it, which are part of it', isCertain: false };
  if (key === 'url' || key.endsWith('_url')) return urlProblem(value);
  // PagerDuty's keys of an integration: 32 characters, small letters and digits.
  if (/^(?:routing|service|integration)_key$/.test(key) && !/^[0-9a-z]{32}$/i.test(value))
    return certain('not a PagerDuty integration key, which has 32 letters and digits');
  return undefined;
}

function urlProblem(value: string): Problem | undefined {
  if (!/^https?:\/\//.test(value) || !URL.canParse(value)) {
    return { what: 'not a URL that begins with https://', isCertain: true };
  }
  const { hostname, pathname } = new URL(value);
  return /(?:^|\.)slack(?:-gov)?\.com$/.test(hostname) && !/^\/services\/T\w+\/B\w+\/\w+$/.test(pathname)
    ? { what: 'not the URL of a Slack incoming webhook: /services/T…/B…/…', isCertain: true }
    : undefined;
}
