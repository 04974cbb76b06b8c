import { nearest } from '../platform/nearest.ts';
import { backupFindings } from './backup-checks.ts';
import { choices, type Finding, pathText } from './finding.ts';
import { quote } from './objections.ts';
import type { Places } from './places.ts';
import { routingFindings } from './routing-checks.ts';
import { childSchemas, defaultOf, kindOf, knownKeys, type Path, type Schema } from './schema-tree.ts';

/**
 * What no single field can tell: receivers and hours that are named but not there, routes that nothing reaches, ports
 * used twice, two places for backups.
 */
export function crossFindings(schema: Schema, value: unknown, places: Places): readonly Finding[] {
  if (!isRecord(value)) return [];
  return [
    ...receiverFindings(value, places),
    ...routingFindings(value, places),
    ...portFindings(schema, value, places),
    ...backupFindings(value, places),
  ];
}

function receiverFindings(value: Readonly<Record<string, unknown>>, places: Places): readonly Finding[] {
  const { receivers = {}, routing = {} } = value;
  if (!isRecord(receivers) || !isRecord(routing)) return [];
  const names = Object.keys(receivers);
  const uses = receiverUses(routing);
  const findings = uses.flatMap(([path, name]) =>
    typeof name !== 'string' || names.includes(name) || places.isSpoilt(path)
      ? []
      : [unknownReceiver(path, name, names, places)],
  );
  const [first] = names;
  const removal = places.removal(['routing', 'default']);
  if (first !== undefined && routing['default'] === undefined && !places.isSpoilt(['routing', 'default']))
    findings.push({
      code: 'LS-CONFIG-007',
      what: 'routing lacks the key `default`',
      why: `${removal ? `${removal.by} takes it out; ` : ''}alerts of a severity without a route would reach nobody`,
      fix: `add \`default: ${first}\` below \`routing:\``,
      span: removal?.span ?? places.keySpan(places.get(['routing']) ? ['routing'] : ['receivers']),
    });
  return findings;
}

/** Every place below `routing` where a receiver is named. */
function receiverUses(routing: Readonly<Record<string, unknown>>): (readonly [Path, unknown])[] {
  const routes = Array.isArray(routing['routes']) ? routing['routes'] : [];
  return [
    ...severityUses(routing['severity'], ['routing', 'severity']),
    ...routes.flatMap((route: unknown, index): (readonly [Path, unknown])[] => {
      const path: Path = ['routing', 'routes', index];
      if (!isRecord(route)) return [];
      return [
        ...severityUses(route['severity'], [...path, 'severity']),
        [[...path, 'receiver'], route['receiver']],
      ];
    }),
    [['routing', 'default'], routing['default']],
  ];
}

function severityUses(severities: unknown, path: Path): (readonly [Path, unknown])[] {
  if (!isRecord(severities)) return [];
  return Object.entries(severities).map(([severity, wanted]) =>
    isRecord(wanted) ? [[...path, severity, 'receiver'], wanted['receiver']] : [[...path, severity], wanted],
  );
}

function unknownReceiver(path: Path, name: string, names: readonly string[], places: Places): Finding {
  const near = names.length > 0 ? nearest(name, names) : undefined;
  return {
    code: 'LS-CONFIG-010',
    what: `${pathText(path)} names the receiver ${quote(name)}, which does not exist`,
    fix: choices(near, 'receivers are', names) ?? 'define it below `receivers:`',
    span: places.valueSpan(path),
  };
}

interface PortUse {
  readonly path: Path;
  readonly port: number;
  readonly isDefault: boolean;
}

function portFindings(
  schema: Schema,
  value: Readonly<Record<string, unknown>>,
  places: Places,
): readonly Finding[] {
  const uses = portUses(schema, value).filter(({ path }) => !places.isSpoilt(path));
  const taken = new Set(uses.map(({ port }) => port));
  const first = new Map<number, PortUse>();
  const findings: Finding[] = [];
  for (const use of uses) {
    const other = first.get(use.port);
    if (!other) {
      first.set(use.port, use);
      continue;
    }
    findings.push({
      code: 'LS-CONFIG-011',
      what: `port ${use.port} is used twice: by ${useText(other)} and by ${useText(use)}`,
      fix: `give one of them another port, e.g. \`${String(use.path.at(-1))}: ${freePort(use.port, taken)}\``,
      span: places.valueSpan(places.get(use.path) || !places.get(other.path) ? use.path : other.path),
    });
  }
  return findings;
}

function portUses(schema: Schema, value: Readonly<Record<string, unknown>>): readonly PortUse[] {
  const root = [schema];
  const components = isRecord(value['components']) ? value['components'] : {};
  const uses = Object.entries(components).flatMap(([name, config]) =>
    portsOf(childSchemas(childSchemas(root, 'components'), name), config, ['components', name]),
  );
  const inbox = value['inbox'] ?? {};
  if (isRecord(inbox) && inbox['enabled'] !== false)
    uses.push(...portsOf(childSchemas(root, 'inbox'), inbox, ['inbox']));
  // Beside programs of others no daemon runs.
  const daemon = value['daemon'] ?? {};
  if (Object.keys(components).length > 0)
    uses.push(...portsOf(childSchemas(root, 'daemon'), daemon, ['daemon']));
  return uses;
}

/** Every top-level port of a component, `cluster_port` as well as `port`. */
function portsOf(schemas: readonly Schema[], config: unknown, path: Path): readonly PortUse[] {
  if (!isRecord(config)) return [];
  return (knownKeys(schemas) ?? []).flatMap((key) => {
    const field = childSchemas(schemas, key).find((schema) => kindOf(schema)?.name === 'port');
    if (!field) return [];
    const isDefault = config[key] === undefined;
    const port = isDefault ? defaultOf(field) : config[key];
    return kindOf(field)?.object(port) === undefined
      ? [{ path: [...path, key], port: Number(port), isDefault }]
      : [];
  });
}

function useText({ path, isDefault }: PortUse): string {
  return `${pathText(path)}${isDefault ? ' (its default)' : ''}`;
}

function freePort(port: number, taken: ReadonlySet<number>): number {
  let free = port;
  while (taken.has(free)) free = free === 65_535 ? 1024 : free + 1;
  return free;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}
