import { formatSize } from '../../platform/units.ts';
import { allRules } from '../belonging.ts';
import { exporterOfMetric } from '../exporters.ts';
import type { Finding } from '../finding.ts';
import type { Lint } from '../lint.ts';
import type { Inspected, Rule } from '../model.ts';
import { servicesRunning } from '../mounts.ts';
import { constantOf, selectorsOf, walk, type Expression } from '../promql/expression.ts';
import { retentionSize, type ConfiguredSize } from '../sizes.ts';

/** Smaller numbers are more likely counts, or chunk sizes of a protocol. */
const SMALLEST = 1024 ** 2;

export const hardCodedSize: Lint = {
  code: 'LS-CHECK-010',
  title: 'no size in a rule that is configured elsewhere',
  inspect: (model) => allRules(model).flatMap((rule) => inspectRule(rule, model)),
};

function inspectRule(rule: Rule, model: Inspected): Finding[] {
  if (rule.parsed?.state !== 'parsed') return [];
  for (const each of walk(rule.parsed.expression)) {
    if (each.kind !== 'binary' || !['/', '>', '<', '>=', '<=', '-'].includes(each.operator)) continue;
    const bytes = constantOf(each.right);
    const metric = bytesMetric(each.left);
    if (bytes === undefined || bytes < SMALLEST || metric === undefined) continue;
    const configured = configuredFor(metric, bytes, model);
    if (configured !== undefined) return [finding(rule, each.right, bytes, configured)];
  }
  return [];
}

function bytesMetric(expression: Expression): string | undefined {
  return selectorsOf(expression).find(({ metric }) => metric?.endsWith('_bytes'))?.metric;
}

/** The setting that the number repeats: retention for blocks on disk, the memory limit of the metric's program. */
function configuredFor(metric: string, bytes: number, model: Inspected): ConfiguredSize | undefined {
  if (/^prometheus_tsdb_(?:storage_blocks|wal_storage_size|head_chunks_storage_size)_bytes$/.test(metric))
    return retentionSize(model);
  const isMemory = /memory|resident|heap|rss|working_set/.test(metric);
  const program = exporterOfMetric(metric)?.name;
  const services =
    program === undefined || program === 'cadvisor' ? model.services : servicesRunning(model, program);
  // Whose memory it is stays open here: only the very same number is a repetition.
  const limit = services.find(
    ({ memoryLimit }) => memoryLimit !== undefined && isSame(memoryLimit.bytes, bytes),
  );
  if (!isMemory || limit?.memoryLimit === undefined) return undefined;
  return {
    bytes: limit.memoryLimit.bytes,
    where: limit.memoryLimit.where,
    name: `the memory limit of ${limit.name}`,
  };
}

/** 5 GB and 5 GiB are meant to be the same by whoever writes them. */
function isSame(a: number, b: number): boolean {
  return Math.abs(a - b) <= Math.max(a, b) * 0.08;
}

function finding(
  rule: Rule,
  literal: Expression,
  bytes: number,
  { name, bytes: configured, where }: ConfiguredSize,
): Finding {
  const place = where.line === undefined ? where.file : `${where.file}:${where.line}`;
  return {
    code: 'LS-CHECK-010',
    severity: 'warning',
    subject: rule.name,
    where: rule.whereIn(literal.offset),
    what: `${rule.name} has ${formatSize(bytes)} written into it, and ${name} is ${configured === undefined ? 'not limited by size' : formatSize(configured)} (${place})`,
    why:
      configured === undefined
        ? 'the rule compares with a limit that is not in force'
        : 'whoever changes the setting does not see the rule, which then fires too early or never',
    fix:
      configured === undefined
        ? 'set --storage.tsdb.retention.size, and compare with prometheus_tsdb_retention_limit_bytes'
        : metricFix(name),
  };
}

function metricFix(name: string): string {
  return name.startsWith('the retention')
    ? 'compare with (prometheus_tsdb_retention_limit_bytes > 0)'
    : 'compare with a metric that holds the limit (container_spec_memory_limit_bytes > 0), or render both from one number';
}
