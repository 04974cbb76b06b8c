import { renderError } from '../platform/error-text.ts';
import { LeitstandError, LeitstandErrors, systemErrorCode } from '../platform/errors.ts';
import { cliErrors } from './errors.ts';
import { EXIT, type ExitCode } from '../platform/exit-codes.ts';
import type { TerminalFacts } from './terminal.ts';

interface ReportTo {
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WriteStream;
  readonly facts: TerminalFacts;
  readonly json: boolean;
  readonly cancelled: boolean;
}

/** The one place that turns errors into text and exit codes. */
export function reportError(error: unknown, to: ReportTo): ExitCode {
  const known = knownErrors(error);
  if (known === undefined) {
    if (to.cancelled) {
      if (to.json)
        to.stdout.write(`${JSON.stringify({ type: 'error', code: 'cancelled', exit: EXIT.cancelled })}\n`);
      to.stderr.write('cancelled: nothing half done is in force; run the command again to go on\n');
      return EXIT.cancelled;
    }
    const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
    if (to.json) to.stdout.write(`${JSON.stringify({ type: 'error', code: 'bug', exit: EXIT.bug })}\n`);
    to.stderr.write(`leitstand: a bug (exit ${EXIT.bug}); please report it with these lines\n${stack}\n`);
    return EXIT.bug;
  }
  if (to.json) {
    for (const { code, exit, details } of known) {
      const { cause: _, ...facts } = details;
      to.stdout.write(`${JSON.stringify({ type: 'error', code, exit, ...facts })}\n`);
    }
  }
  to.stderr.write(`${known.map((each) => renderError(each, { colour: to.facts.colour })).join('\n\n')}\n`);
  const codes = [...new Set(known.map(({ code }) => code))];
  to.stderr.write(`\nmore: leitstand explain ${codes[0] ?? ''}\n`);
  return known[0]?.exit ?? EXIT.bug;
}

/** What the system refuses everywhere alike: no bug of ours, whoever met it. */
const REFUSALS: Readonly<Record<string, string>> = {
  ENOSPC: 'free space on that disk (`df -h`), then run it again',
  EDQUOT: 'free space within the quota, then run it again',
  EACCES: 'run it as the user who owns the stack (`ls -ld` of its state directory shows who)',
  EPERM: 'run it as the user who owns the stack (`ls -ld` of its state directory shows who)',
  EROFS: 'mount the file system read-write, or move the state directory',
  EMFILE: 'raise the limit of open files (`ulimit -n`)',
  EIO: 'the disk fails: look at `dmesg`, and rescue what is on it',
};

function knownErrors(error: unknown): readonly LeitstandError[] | undefined {
  if (error instanceof LeitstandErrors) return error.errors;
  if (error instanceof LeitstandError) return [error];
  const fix = REFUSALS[systemErrorCode(error) ?? ''];
  if (fix === undefined || !(error instanceof Error)) return undefined;
  return [cliErrors.error('LS-CLI-008', { what: `the system refused: ${error.message}`, fix, cause: error })];
}
