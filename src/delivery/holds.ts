import { isAtLeast, parseVersion } from '../stack/version.ts';
import type { Configuration, Route } from '../routing/configuration.ts';
import { holds as matcherHolds, type Labels, type Matcher } from '../routing/matcher.ts';
import { mutingAt, tellsAgain } from '../routing/muting.ts';
import type { Destination } from '../routing/walk.ts';
import type { Silence } from '../components/alertmanager/api.ts';
import type { Member } from './members.ts';
import { type Probe, probeLabels } from './probe.ts';

/** What holds an alert back although it fires. */
export interface Hold {
  readonly kind: 'silence' | 'inhibition' | 'interval';
  /** `the silence 1a2b by anna ("disk is being replaced")` */
  readonly by: string;
  /** UTC, ISO 8601. */
  readonly until?: string;
  readonly fix: string;
  /** Alertmanager itself does not say it: its API shows muted times since 0.28. */
  readonly isUnsaid: boolean;
}

export interface Looked {
  readonly probes: readonly Probe[];
  readonly routes: ReadonlyMap<Probe, readonly Destination<Route>[]>;
  readonly loaded: Configuration;
  readonly now: Date;
}

export const FIXES = {
  silence:
    "expire it if it is not wanted: in Alertmanager's page under Silences, or amtool silence expire ID",
  inhibition: 'see which alert that is (amtool alert query) and test again when it is over',
  interval: 'test again when the receiver is on duty, or change the interval',
} as const;

/** `the time interval office (it is outside of it now) until 2026-01-05T07:00:00.000Z` */
export function holdText({ by, until }: Hold): string {
  return `${by}${until === undefined ? '' : ` until ${until}`}`;
}

/** Silences, firing alerts that inhibit, and times: what will hold back each probe's alert, as reckoned from here. */
export async function holdsOn(member: Member, looked: Looked): Promise<ReadonlyMap<Probe, readonly Hold[]>> {
  const { probes, loaded } = looked;
  const [silences, firing] = await Promise.all([
    member.api.silences(),
    loaded.inhibitions.length === 0 ? [] : member.api.activeLabels(),
  ]);
  const active = silences.filter(({ status }) => status.state === 'active');
  return new Map(
    probes
      .filter(({ routed }) => routed !== undefined)
      .map((probe) => {
        const labels = probeLabels(probe);
        return [
          probe,
          [
            ...active.filter((silence) => isSilencedBy(silence, labels)).map(silenceHold),
            ...inhibitors(loaded, firing, labels).map(inhibitionHold),
            ...intervalHolds(member, looked, probe),
          ],
        ] as const;
      }),
  );
}

function isSilencedBy({ matchers }: Silence, labels: Labels): boolean {
  return matchers.every(({ name, value, isRegex, isEqual }) => {
    const operator: Matcher['operator'] = isRegex ? (isEqual ? '=~' : '!~') : isEqual ? '=' : '!=';
    return matcherHolds({ label: name, operator, value }, labels);
  });
}

function silenceHold({ id, createdBy, comment, endsAt }: Silence): Hold {
  return {
    kind: 'silence',
    by: `the silence ${id} by ${createdBy}${comment === '' ? '' : ` (${JSON.stringify(comment)})`}`,
    until: endsAt,
    fix: FIXES.silence,
    isUnsaid: false,
  };
}

/** Alerts that fire and mute these labels: inhibit/inhibit.go, where no alert mutes one that could mute it. */
function inhibitors({ inhibitions }: Configuration, firing: readonly Labels[], labels: Labels): Labels[] {
  const fits = (matchers: readonly Matcher[], one: Labels) =>
    matchers.every((matcher) => matcherHolds(matcher, one));
  const rules = inhibitions.filter(({ target }) => fits(target, labels));
  return firing.filter((other) =>
    rules.some(
      ({ source, target, equal }) =>
        fits(source, other) &&
        equal.every((label) => (other[label] ?? '') === (labels[label] ?? '')) &&
        !(fits(source, labels) && fits(target, other)),
    ),
  );
}

function inhibitionHold(labels: Labels): Hold {
  const { alertname = 'an alert', ...others } = labels;
  const text = Object.entries(others)
    .map(([label, value]) => `${label}=${JSON.stringify(value)}`)
    .join(', ');
  return {
    kind: 'inhibition',
    by: `the alert ${alertname}${text === '' ? '' : ` {${text}}`}, which fires and inhibits it`,
    fix: FIXES.inhibition,
    isUnsaid: false,
  };
}

function intervalHolds({ status }: Member, { routes, loaded, now }: Looked, probe: Probe): Hold[] {
  const version = parseVersion(status.version);
  return (routes.get(probe) ?? []).flatMap(({ route }) => {
    const muting = mutingAt(loaded, route, now.getTime());
    if (!muting) return [];
    const again = tellsAgain(loaded, route, now.getTime());
    return [
      {
        kind: 'interval' as const,
        by: `the time interval ${muting.by.join(', ')}${muting.isOutside ? ' (it is outside of it now)' : ''}`,
        ...(again === undefined ? {} : { until: new Date(again).toISOString() }),
        fix: FIXES.interval,
        isUnsaid: version !== undefined && !isAtLeast(version, '0.28'),
      },
    ];
  });
}
