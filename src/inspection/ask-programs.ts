import type { RunProgram } from '../platform/processes.ts';
import { plural } from '../platform/units.ts';
import type { Finding } from './finding.ts';
import type { Inspected } from './model.ts';

export interface ValidatorPrograms {
  /** Absolute paths, where the machine has them. */
  readonly promtool: string | undefined;
  readonly amtool: string | undefined;
}

export interface Asked {
  readonly findings: readonly Finding[];
  readonly notAsked: readonly string[];
}

const AT_ONCE = 4;

interface Question {
  readonly program: 'promtool' | 'amtool';
  readonly file: string;
  readonly args: readonly string[];
}

/** What the programs' own validators say about the user's files; `absolute` turns a shown path into a real one. */
export async function askPrograms(
  model: Inspected,
  programs: ValidatorPrograms,
  options: {
    readonly run: RunProgram;
    readonly absolute: (file: string) => string;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<Asked> {
  const findings: Finding[] = [];
  const unasked = new Map<string, number>();
  const trimmed: string[] = [];
  // What cannot be read is a finding already.
  const broken = new Set(model.unreadable.map(({ where }) => where.file));
  const questions = questionsAbout(model).filter(({ file }) => !broken.has(file));
  const ask = async ({ program, file, args }: Question) => {
    const path = programs[program];
    if (path === undefined) {
      unasked.set(program, (unasked.get(program) ?? 0) + 1);
      return;
    }
    const result = await options.run(path, [...args, options.absolute(file)], {
      signal: options.signal,
      timeoutMs: 60_000,
      env: {},
    });
    if (result.exitCode === 0) return;
    const lines = linesOf(`${result.stdout}\n${result.stderr}`);
    if (isTrimmedBuild(lines))
      trimmed.push(
        `this promtool was built without service discovery: its verdict about ${file} was not asked`,
      );
    else findings.push(refusal(program, file, lines, result.timedOut));
  };
  for (let next = 0; next < questions.length; next += AT_ONCE)
    await Promise.all(questions.slice(next, next + AT_ONCE).map(ask));
  return {
    findings,
    notAsked: [
      ...[...unasked].map(
        ([program, count]) =>
          `${program} is not on this machine: its own verdict about ${plural(count, 'file')} was not asked`,
      ),
      ...trimmed,
    ],
  };
}

function questionsAbout({ prometheuses, ruleFiles, alertmanagers }: Inspected): Question[] {
  return [
    // The files it names may lie elsewhere on this machine: they are judged one by one.
    ...prometheuses.map(({ file }) => ({
      program: 'promtool' as const,
      file,
      args: ['check', 'config', '--syntax-only'],
    })),
    ...ruleFiles
      .filter(({ isPlain }) => isPlain)
      .map(({ file }) => ({ program: 'promtool' as const, file, args: ['check', 'rules'] })),
    ...alertmanagers.map(({ file }) => ({ program: 'amtool' as const, file, args: ['check-config'] })),
  ];
}

const MAX_LINES = 10;

/** A build without service discovery (ours is one) knows no such keys, which is no fault of the file. */
function isTrimmedBuild(lines: readonly string[]): boolean {
  const unknown = lines.filter((line) => /^line \d+: /.test(line));
  return unknown.length > 0 && unknown.every((line) => /: field \w+_sd_configs not found/.test(line));
}

function linesOf(output: string): string[] {
  return output
    .split('\n')
    .map((line) => withoutSecrets(line).trim())
    .filter((line) => line !== '' && !/^(?:Checking |SUCCESS|Found:)/.test(line));
}

function refusal(program: string, file: string, lines: readonly string[], timedOut: boolean): Finding {
  const line = /line (\d+)/.exec(lines.join('\n'))?.[1];
  return {
    code: 'LS-CHECK-020',
    severity: 'error',
    subject: file,
    where: line === undefined ? { file } : { file, line: Number(line) },
    what: `${program} refuses the file`,
    why: timedOut
      ? 'it gave no answer within 60 s'
      : 'its own words follow; a newer file may need a newer program',
    fix: 'correct what it names',
    detail: lines.slice(0, MAX_LINES),
  };
}

/** A URL's path may be a secret: a webhook's is. */
function withoutSecrets(line: string): string {
  return line.replaceAll(/([a-z]+:\/\/)(?:[^@/\s]*@)?([^/\s"']+)[^\s"']*/gi, '$1$2/…');
}
