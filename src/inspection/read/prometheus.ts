import { parseDuration } from '../../platform/units.ts';
import type { AlertingTargets, PrometheusFile, ScrapeJob, Target } from '../model.ts';
import { at, entriesOf, itemsOf, textOf, textsOf, type Tree } from '../yaml-tree.ts';

/** Prometheus' own defaults. */
const MINUTE = 60_000;

export function readPrometheusFile(file: string, tree: Tree): PrometheusFile {
  const scrapeIntervalMs = duration(at(tree, 'global', 'scrape_interval')) ?? MINUTE;
  const alerting = at(tree, 'alerting');
  return {
    file,
    where: tree.where,
    scrapeIntervalMs,
    scrapeTimeout: timeoutOf(at(tree, 'global')),
    evaluationIntervalMs: duration(at(tree, 'global', 'evaluation_interval')) ?? MINUTE,
    externalLabels: entriesOf(at(tree, 'global', 'external_labels')).map(([name]) => name),
    jobs: itemsOf(at(tree, 'scrape_configs')).map((job) => readJob(job, scrapeIntervalMs)),
    ruleGlobs: itemsOf(at(tree, 'rule_files')).flatMap((glob) => {
      const pattern = textOf(glob);
      return pattern === undefined ? [] : [{ pattern, where: glob.where }];
    }),
    alertmanagers: alerting === undefined ? undefined : readAlerting(alerting),
    relabelsAlerts: itemsOf(at(alerting, 'alert_relabel_configs')).length > 0,
    hasMoreJobs: itemsOf(at(tree, 'scrape_config_files')).length > 0,
    takesPushes: at(tree, 'otlp') !== undefined,
  };
}

function duration(tree: Tree | undefined): number | undefined {
  const text = textOf(tree);
  return text === undefined ? undefined : parseDuration(text);
}

function readJob(tree: Tree, defaultIntervalMs: number): ScrapeJob {
  const name = textOf(at(tree, 'job_name')) ?? '';
  const path = textOf(at(tree, 'metrics_path')) ?? '/metrics';
  const discovered = readTargets(tree);
  return {
    name,
    where: (at(tree, 'job_name') ?? tree).where,
    ...discovered,
    isOpen: discovered.isOpen || path.endsWith('/federate'),
    path,
    intervalMs: duration(at(tree, 'scrape_interval')) ?? defaultIntervalMs,
    timeout: timeoutOf(tree),
    honorLabels: textOf(at(tree, 'honor_labels')) === 'true',
    jobLabels: jobLabels(tree, name),
  };
}

function timeoutOf(tree: Tree | undefined): ScrapeJob['timeout'] {
  const timeout = at(tree, 'scrape_timeout');
  const ms = duration(timeout);
  return timeout === undefined || ms === undefined ? undefined : { ms, where: timeout.where };
}

function readAlerting(tree: Tree): AlertingTargets {
  const all = itemsOf(at(tree, 'alertmanagers')).map(readTargets);
  return { targets: all.flatMap(({ targets }) => targets), isOpen: all.some(({ isOpen }) => isOpen) };
}

/** Static targets, and names that DNS resolves at a fixed port, which are as good. */
function readTargets(tree: Tree): Pick<ScrapeJob, 'targets' | 'discoveries' | 'isOpen'> {
  const targets = itemsOf(at(tree, 'static_configs')).flatMap((group) =>
    itemsOf(at(group, 'targets')).flatMap((target) => {
      const address = textOf(target);
      return address === undefined ? [] : [targetOf(address, target.where)];
    }),
  );
  const discoveries: { kind: string; where: Tree['where'] }[] = [];
  let isOpen = false;
  for (const [key, { value, where }] of entriesOf(tree)) {
    const kind = /^(.+)_sd_configs$/.exec(key)?.[1];
    if (kind === undefined) continue;
    discoveries.push({ kind, where });
    const named = kind === 'dns' ? itemsOf(value).map(dnsTargets) : [undefined];
    for (const found of named) {
      if (found === undefined) isOpen = true;
      else targets.push(...found);
    }
  }
  const replaced = probedThrough(tree);
  return {
    targets: replaced === undefined ? targets : [targetOf(replaced, tree.where)],
    discoveries,
    isOpen,
  };
}

function dnsTargets(tree: Tree): Target[] | undefined {
  const port = textOf(at(tree, 'port'));
  if ((textOf(at(tree, 'type')) ?? 'SRV') === 'SRV' || port === undefined) return undefined;
  return textsOf(at(tree, 'names')).map((name) => targetOf(`${name}:${port}`, tree.where));
}

/** The address that relabeling puts in place of all targets: a prober's, by Prometheus' documented pattern. */
function probedThrough(tree: Tree): string | undefined {
  return itemsOf(at(tree, 'relabel_configs'))
    .filter((rule) => textOf(at(rule, 'target_label')) === '__address__')
    .map((rule) => textOf(at(rule, 'replacement')))
    .find((replacement) => replacement !== undefined && !replacement.includes('$'));
}

function jobLabels(tree: Tree, name: string): string[] | undefined {
  const rules = [...itemsOf(at(tree, 'relabel_configs')), ...itemsOf(at(tree, 'metric_relabel_configs'))];
  const rewrites = rules.some(
    (rule) =>
      textOf(at(rule, 'target_label')) === 'job' ||
      /labelmap|labeldrop|labelkeep/.test(textOf(at(rule, 'action')) ?? ''),
  );
  if (rewrites) return undefined;
  const set = itemsOf(at(tree, 'static_configs')).map((group) => textOf(at(group, 'labels', 'job')) ?? name);
  return [...new Set([name, ...set])];
}

function targetOf(text: string, where: Target['where']): Target {
  const address = text.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
  const match = /^(\[[^\]]*\]|[^:]*)(?::(\d+))?$/.exec(address);
  const host = (match?.[1] ?? address).replace(/^\[|\]$/g, '').toLowerCase();
  return { address: text, host, port: match?.[2] === undefined ? undefined : Number(match[2]), where };
}
