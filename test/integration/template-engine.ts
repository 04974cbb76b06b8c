import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runProgram } from '../../src/platform/processes.ts';
import type { TemplateFile } from '../../src/stack/receiver.ts';

/** A message of several parts is rendered in one run; no text of a test holds this. */
const JOINT = '\u241EJOINT\u241E';

export interface TemplateEngine extends AsyncDisposable {
  /** The texts (`{{ template "leitstand.slack.title" . }}`) as Alertmanager's own engine renders them for this data. */
  render(texts: readonly string[], data: unknown, type?: 'text' | 'html'): Promise<readonly string[]>;
}

/** amtool with these template files. */
export async function templateEngine(
  amtool: string,
  templates: readonly TemplateFile[],
): Promise<TemplateEngine> {
  const directory = await mkdtemp(join(tmpdir(), 'templates-'));
  await mkdir(join(directory, 'templates'));
  for (const { name, content } of templates) await writeFile(join(directory, 'templates', name), content);
  let runs = 0;
  return {
    render: async (texts, data, type = 'text') => {
      const file = join(directory, `data-${(runs += 1)}.json`);
      await writeFile(file, JSON.stringify(data));
      const { exitCode, stdout, stderr } = await runProgram(
        amtool,
        [
          'template',
          'render',
          `--template.type=${type}`,
          `--template.glob=${join(directory, 'templates', '*.tmpl')}`,
          `--template.data=${file}`,
          `--template.text=${texts.join(JOINT)}`,
        ],
        { timeoutMs: 30_000 },
      );
      await rm(file);
      if (exitCode !== 0) throw new Error(stderr);
      // amtool ends with a newline of its own.
      return stdout.replace(/\n$/, '').split(JOINT);
    },
    [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
  };
}

export interface TemplateAlert {
  readonly status?: 'firing' | 'resolved';
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly startsAt?: string;
  readonly endsAt?: string;
  readonly generatorURL?: string;
}

/** What Alertmanager hands to its templates for these alerts. */
export function templateData(alerts: readonly TemplateAlert[], externalURL = 'http://alertmanager:9093') {
  const isFiring = alerts.some(({ status }) => status !== 'resolved');
  return {
    receiver: 'on-call',
    status: isFiring ? 'firing' : 'resolved',
    alerts: alerts.map((alert) => ({
      status: 'firing',
      annotations: {},
      startsAt: '2026-01-02T03:04:05.678Z',
      endsAt: alert.status === 'resolved' ? '2026-01-02T04:08:10.678Z' : '0001-01-01T00:00:00Z',
      generatorURL: '',
      fingerprint: 'd8b9949cea22889e',
      ...alert,
    })),
    groupLabels: {},
    commonLabels: common(alerts.map(({ labels }) => labels)),
    commonAnnotations: common(alerts.map(({ annotations = {} }) => annotations)),
    externalURL,
  };
}

function common(sets: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const [first = {}, ...others] = sets;
  return Object.fromEntries(
    Object.entries(first).filter(([name, value]) => others.every((set) => set[name] === value)),
  );
}
