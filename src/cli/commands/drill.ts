import { join } from 'node:path';
import { renderError } from '../../platform/error-text.ts';
import { formatElapsed } from '../../platform/units.ts';
import type { DrillSource } from '../../drill/report.ts';
import type { SourceDrill } from '../../drill/run-drill.ts';
import type { Verdict } from '../../stack/proof.ts';
import { isProgramSource } from '../../stack/source.ts';
import { chosenSources } from '../chosen-sources.ts';
import type { Command } from '../command.ts';
import { IDENTITY_OPTION, identitiesOf } from '../recovery/key-file.ts';
import { table } from '../terminal.ts';

export const drillCommand: Command = {
  description: `Restores the newest backup into an isolated twin (loopback, no scraping, no alerts, nothing deleted), starts
the same program on it, asks it for every fact that was sealed from the live system, and compares. Then the negative
control: a copy with one damaged byte must be rejected, or the comparison is worth nothing.`,
  arguments: [
    { name: 'snapshot', description: 'a snapshot instead of the newest of each source', required: false },
  ],
  options: [
    { flags: '--source <component>', description: 'of one component alone, or `leitstand` itself' },
    IDENTITY_OPTION,
  ],
  examples: [
    { command: 'leitstand drill', shows: 'the newest backup' },
    { command: 'leitstand backup list', shows: 'what else there is' },
  ],
  exits: [
    '0   restored, equal, and the damaged copy was rejected',
    '1   something differs, or the repository is damaged',
    '5   something could not be compared',
  ],
  run: async (context, input) => {
    const { openSession } = await import('../open-session.ts');
    const { openStackRepository } = await import('../open-repository.ts');
    const { openProvisioning } = await import('../open-deployment.ts');
    const { neededPrograms } = await import('../../deployment/plans.ts');
    const { runDrill } = await import('../../drill/run-drill.ts');
    const { newestMade } = await import('../../backup/made-snapshots.ts');
    const identities = await identitiesOf(context, input);
    const session = await openSession(context);
    try {
      const { stack, components } = session;
      if (session.stack.runtime === 'external') {
        const { requireSomeData } = await import('../attached.ts');
        const left = requireSomeData(session, input.text('source'));
        if (left.length > 0)
          context.output.talk(`left out, since \`data_dir\` is not set: ${left.join(', ')}`);
      }
      const repository = await openStackRepository(context, stack, identities);
      const snapshot = input.args[0];
      const sources = chosenSources(
        session,
        snapshot === undefined ? input.text('source') : (await repository.snapshot(snapshot)).source,
      );
      const wanted = sources.map(({ component }) => components.get(component)?.program.name);
      const provision = await openProvisioning(context, stack);
      const programs = await provision(
        neededPrograms(stack, components).filter(({ name }) => wanted.includes(name)),
      );
      const report = await runDrill({
        sources: sources.flatMap(({ component, source }): DrillSource[] => {
          if (!isProgramSource(source)) return [{ component, source }];
          const plugin = session.components.get(component);
          const program = plugin && programs.get(plugin.program.name);
          return program ? [{ component, source, program }] : [];
        }),
        repository,
        runtime: session.runtime,
        scratchDir: join(session.stack.stateDir, 'drill'),
        proofs: session.history.proofs,
        made: newestMade(
          session.history.proofs,
          sources.map(({ component }) => component),
        ),
        clock: context.clock,
        maxAgeMs: stack.backup.schedule.maxAgeMs.drill,
        random: context.random,
        signal: context.signal,
        onProgress: context.onProgress,
        ...(snapshot === undefined ? {} : { snapshot }),
      });
      return {
        exit: report.exit,
        text: report.sources.map(drillText).join('\n\n'),
        json: JSON.parse(JSON.stringify(report)),
      };
    } finally {
      session.close();
    }
  },
};

function drillText(drill: SourceDrill): string {
  const differing = drill.comparisons.filter(({ verdict }) => verdict !== 'match');
  return [
    `${drill.component}: snapshot ${drill.snapshot ?? 'none'}`,
    timings(drill),
    ...(drill.comparisons.length === 0
      ? []
      : ['', table([['FACT', 'RESTORED', 'SEALED FROM THE LIVE SYSTEM'], ...facts(drill)])]),
    ...differing
      .slice(0, MAX_DIFFERENCES)
      .map(
        ({ verdict, kind, subject, expected, found }) =>
          `${verdict.toUpperCase()} ${kind} ${subject}: expected ${expected}, found ${found}`,
      ),
    ...(differing.length > MAX_DIFFERENCES ? [`… and ${differing.length - MAX_DIFFERENCES} more`] : []),
    ...drill.errors.map((error) => renderError(error, { colour: false })),
    ...(drill.control
      ? [
          `control: ${drill.control.damage}`,
          `  ${drill.control.rejected ? 'rejected, as it must be' : 'NOT NOTICED'}: ${drill.control.how}`,
        ]
      : []),
    ...drill.knownLoss.map((text) => `known loss: ${text}`),
    ...drill.notProven.map((text) => `not proven: ${text}`),
    '',
    CLOSING[drill.verdict],
  ].join('\n');
}

const MAX_DIFFERENCES = 20;
/** What a source says of a window without data: equal, but not worth a "same". */
const NOTHING = 'no samples';

const CLOSING = {
  proven: 'PROVEN: the backup restores.',
  refuted: 'REFUTED: do not rely on this backup.',
  unknown: 'UNKNOWN: the question could not be answered; do not rely on this backup.',
} satisfies Record<Verdict, string>;

function timings({ restoreMs, bootMs, compareMs, controlMs }: SourceDrill): string {
  const parts = [
    ['restored', restoreMs],
    ['started', bootMs],
    ['compared', compareMs],
    ['control', controlMs],
  ] as const;
  return parts
    .flatMap(([word, ms]) => (ms === undefined ? [] : [`${word} in ${formatElapsed(ms)}`]))
    .join(', ');
}

/** What was sealed from the live system, and whether the restored one says the same. */
function facts({ comparisons }: SourceDrill): string[][] {
  return comparisons
    .slice(0, MAX_DIFFERENCES)
    .map(({ kind, subject, verdict, expected }) => [
      `${kind} ${subject}`,
      verdict === 'match' ? (expected === NOTHING ? '-' : 'same') : verdict.toUpperCase(),
      expected,
    ]);
}
