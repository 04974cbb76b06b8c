import type { Where } from '../platform/errors.ts';
import type { Misreading, TimeInterval } from '../routing/time-interval.ts';
import type { LabelMatcher } from './promql/expression.ts';
import type { ParsedExpression } from './promql/parse.ts';
import type { Tree } from './yaml-tree.ts';

/** Everything that was found, taken apart once; lints only look at it. */
export interface Inspected {
  /** Whether the files were rendered by Leitstand or written by somebody. */
  readonly origin: 'stack' | 'files';
  readonly prometheuses: readonly PrometheusFile[];
  readonly ruleFiles: readonly RuleFile[];
  readonly alertmanagers: readonly AlertmanagerFile[];
  readonly services: readonly Service[];
  readonly collectors: readonly CollectorFile[];
  readonly unreadable: readonly UnreadableFile[];
  /** `containers`: the programs run in containers, where localhost is the container itself. */
  readonly context: 'containers' | 'host' | 'unknown';
  /** Whether there is a file of that name; undefined where this machine cannot know. */
  fileExists(pattern: string): boolean | undefined;
}

export interface UnreadableFile {
  readonly where: Where;
  readonly what: string;
  readonly fix: string | undefined;
}

export interface PrometheusFile {
  readonly file: string;
  readonly where: Where;
  readonly scrapeIntervalMs: number;
  /** What `global` says for jobs that say nothing. */
  readonly scrapeTimeout: { readonly ms: number; readonly where: Where } | undefined;
  readonly evaluationIntervalMs: number;
  readonly externalLabels: readonly string[];
  readonly jobs: readonly ScrapeJob[];
  readonly ruleGlobs: readonly { readonly pattern: string; readonly where: Where }[];
  /** Undefined when it has no section `alerting`. */
  readonly alertmanagers: AlertingTargets | undefined;
  /** Alerts get other labels on their way out. */
  readonly relabelsAlerts: boolean;
  /** Scrape jobs that are not in this file: `scrape_config_files`. */
  readonly hasMoreJobs: boolean;
  /** Metrics may also come by push: `otlp`, a remote-write receiver. */
  readonly takesPushes: boolean;
}

export interface AlertingTargets {
  readonly targets: readonly Target[];
  /** Found by service discovery: not to be known from here. */
  readonly isOpen: boolean;
}

export interface Target {
  readonly address: string;
  readonly host: string;
  readonly port: number | undefined;
  readonly where: Where;
}

export interface ScrapeJob {
  readonly name: string;
  readonly where: Where;
  readonly targets: readonly Target[];
  /** Names of the service discoveries beside `static`: `file`, `dns`, `kubernetes`. */
  readonly discoveries: readonly { readonly kind: string; readonly where: Where }[];
  /** What it scrapes is not to be known from the file. */
  readonly isOpen: boolean;
  readonly path: string;
  readonly intervalMs: number;
  readonly timeout: { readonly ms: number; readonly where: Where } | undefined;
  readonly honorLabels: boolean;
  /** Values that the label `job` has; undefined when relabeling decides. */
  readonly jobLabels: readonly string[] | undefined;
}

export interface RuleFile {
  readonly file: string;
  /** Whether promtool can judge the file: no `PrometheusRule` object, no rules for Loki. */
  readonly isPlain: boolean;
  readonly where: Where;
  readonly groups: readonly RuleGroup[];
}

export interface RuleGroup {
  readonly name: string;
  readonly intervalMs: number | undefined;
  readonly rules: readonly Rule[];
}

export interface Rule {
  readonly kind: 'alert' | 'record';
  readonly name: string;
  readonly where: Where;
  readonly file: RuleFileName;
  readonly expr: string;
  readonly parsed: ParsedExpression | undefined;
  /** Where a character of the expression stands. */
  whereIn(offset: number): Where;
  readonly labels: ReadonlyMap<string, { readonly text: string; readonly where: Where }>;
  readonly annotations: ReadonlyMap<string, { readonly text: string; readonly where: Where }>;
}

type RuleFileName = string;

export interface AlertmanagerFile {
  readonly file: string;
  readonly where: Where;
  readonly route: Route | undefined;
  readonly receivers: readonly Receiver[];
  readonly inhibitions: readonly Inhibition[];
  readonly intervals: readonly NamedInterval[];
  readonly templates: readonly { readonly pattern: string; readonly where: Where }[];
  readonly global: Tree | undefined;
  readonly oldMatchers: readonly { readonly key: string; readonly where: Where }[];
}

export interface Route {
  readonly where: Where;
  readonly receiver: string | undefined;
  readonly receiverWhere: Where;
  readonly matchers: readonly LabelMatcher[];
  /** A matcher that was not understood: whether it matches is not known. */
  readonly isVague: boolean;
  readonly continues: boolean;
  /** Time intervals in which it tells nobody. Not inherited. */
  readonly mutedIn: readonly NamedPlace[];
  /** Those outside of which it tells nobody; none: always active. Not inherited. */
  readonly activeIn: readonly NamedPlace[];
  readonly routes: readonly Route[];
}

export interface NamedPlace {
  readonly name: string;
  readonly where: Where;
}

/** It is then when one of its parts is. */
export interface NamedInterval extends NamedPlace {
  readonly parts: readonly { readonly interval: TimeInterval | Misreading; readonly where: Where }[];
}

export interface Receiver {
  readonly name: string;
  readonly where: Where;
  readonly integrations: readonly ReceiverIntegration[];
}

export interface ReceiverIntegration {
  /** `slack`, `email`, `webhook`. */
  readonly type: string;
  readonly index: number;
  readonly tree: Tree;
  readonly where: Where;
}

export interface Inhibition {
  readonly where: Where;
  readonly source: readonly LabelMatcher[];
  readonly target: readonly LabelMatcher[];
  readonly isVague: boolean;
  readonly equal: readonly string[];
}

/** A running program: a service of a compose file, or a component of the stack. */
export interface Service {
  readonly name: string;
  readonly where: Where;
  /** Where the project is defined: services of other projects are strangers. */
  readonly directory: string;
  readonly image: string;
  readonly args: readonly string[];
  readonly memoryLimit: { readonly bytes: number; readonly where: Where } | undefined;
  readonly mounts: readonly { readonly host: string; readonly inside: string }[];
  readonly usesHostNetwork: boolean;
  /** How the program was had; only for components of the stack. */
  readonly origin?: string;
}

/** An OpenTelemetry collector's file. */
export interface CollectorFile {
  readonly file: string;
  /** It scrapes by itself, and hands on what any exporter has. */
  readonly scrapes: boolean;
}
