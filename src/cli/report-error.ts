import { renderError } from '../platform/error-text.ts';
import { LeitstandError, LeitstandErrors } from '../platform/errors.ts';
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
  const known =
    error instanceof LeitstandErrors ? error.errors : error instanceof LeitstandError ? [error] : undefined;
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
