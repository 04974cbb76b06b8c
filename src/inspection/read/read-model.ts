import type {
  AlertmanagerFile,
  CollectorFile,
  Inspected,
  PrometheusFile,
  RuleFile,
  Service,
  UnreadableFile,
} from '../model.ts';
import { parseYaml } from '../yaml-tree.ts';
import { readAlertmanagerFile } from './alertmanager.ts';
import { classify, looksFamiliar, type FileKind } from './classify.ts';
import { readCollectorFile, readComposeFile } from './compose.ts';
import { readPrometheusFile } from './prometheus.ts';
import { readRuleFile } from './rules.ts';

export interface TextFile {
  /** As it is shown: relative to where the user stands. */
  readonly file: string;
  readonly text: string;
  /** What it is, where the caller knows it; otherwise its content decides. */
  readonly kind?: FileKind;
}

export interface ModelInput {
  readonly origin: Inspected['origin'];
  readonly files: readonly TextFile[];
  /** Programs that are known from elsewhere than compose files. */
  readonly services?: readonly Service[];
  /** `containers` where the user says so; otherwise the files say it, or nobody. */
  readonly context?: Inspected['context'];
  fileExists(pattern: string): boolean | undefined;
}

interface Collected {
  readonly prometheuses: PrometheusFile[];
  readonly ruleFiles: RuleFile[];
  readonly alertmanagers: AlertmanagerFile[];
  readonly services: Service[];
  readonly collectors: CollectorFile[];
  readonly unreadable: UnreadableFile[];
}

/** Parses every file once. Broken files become findings, and what is whole in them is still looked at. */
export function readModel(input: ModelInput): Inspected {
  const found: Collected = {
    prometheuses: [],
    ruleFiles: [],
    alertmanagers: [],
    services: [...(input.services ?? [])],
    collectors: [],
    unreadable: [],
  };
  for (const file of input.files) readInto(found, file);
  return {
    origin: input.origin,
    ...found,
    prometheuses: found.prometheuses.map((one) => withFlags(one, found.services)),
    context: input.context ?? contextOf(found),
    fileExists: (pattern) => input.fileExists(pattern),
  };
}

function readInto(found: Collected, { file, text, kind }: TextFile): void {
  if (kind === undefined && (!MENTIONS.test(text) || isOtherObject(text))) return;
  const { documents, problems } = parseYaml(file, text);
  let isOurs = kind !== undefined || looksFamiliar(text);
  for (const tree of documents) {
    const what = kind ?? classify(tree);
    if (what !== undefined && what !== 'compose' && what !== 'collector') isOurs = true;
    if (what === 'prometheus') found.prometheuses.push(readPrometheusFile(file, tree));
    if (what === 'rules') found.ruleFiles.push(readRuleFile(file, tree));
    if (what === 'alertmanager') found.alertmanagers.push(readAlertmanagerFile(file, tree));
    if (what === 'compose') found.services.push(...readComposeFile(file, tree));
    if (what === 'collector') found.collectors.push(readCollectorFile(file, tree));
  }
  // A template of Helm or Jinja is no YAML before it is rendered.
  if (isOurs && !/^\s*\{\{-?/m.test(text)) found.unreadable.push(...problems);
}

/** Words without which a file is none of ours: most YAML files of a directory need not be parsed. */
const MENTIONS =
  /^\s*(?:-\s+)?(?:scrape_configs|rule_files|alerting|route|receivers|groups|services|scrape_config_files)\s*:/m;

/** Kubernetes' objects of other kinds are large and many, and never ours. */
function isOtherObject(text: string): boolean {
  const kinds = [...text.matchAll(/^kind:\s*(\w+)/gm)].map(([, kind]) => kind);
  return (
    /^apiVersion:/m.test(text) &&
    kinds.length > 0 &&
    !kinds.some((kind) => /^(?:PrometheusRule|List)$/.test(kind ?? ''))
  );
}

const PUSH_FLAGS =
  /^--(?:web\.enable-(?:remote-write|otlp)-receiver|enable-feature=\S*(?:remote-write|otlp-write)-receiver)/;

/** Flags of the services that run a Prometheus belong to its file: which of several is not always to be known. */
function withFlags(one: PrometheusFile, services: readonly Service[]): PrometheusFile {
  const takesPushes = services.some(({ args }) => args.some((arg) => PUSH_FLAGS.test(arg)));
  return takesPushes ? { ...one, takesPushes } : one;
}

function contextOf({ services, prometheuses, alertmanagers }: Collected): Inspected['context'] {
  if (services.some(({ image }) => /prometheus|alertmanager/.test(image))) return 'containers';
  if (prometheuses.length + alertmanagers.length === 0) return 'unknown';
  // A name without dots that is not localhost is a service's name in a network of containers.
  const named = prometheuses.some(({ alertmanagers: alerting, jobs }) =>
    [...(alerting?.targets ?? []), ...jobs.flatMap(({ targets }) => targets)].some(({ host }) =>
      /^(?:alertmanager|prometheus|loki|grafana|pushgateway|node[-_]?exporter|cadvisor)$/.test(host),
    ),
  );
  return named ? 'containers' : 'unknown';
}
