import type { Language } from '../../stack/language.ts';

export type Labels = Readonly<Record<string, string>>;

/** An alert as Prometheus would hand it over. */
export interface ExampleAlert {
  readonly labels: Labels & { readonly alertname: string };
  readonly annotations: Labels;
  /** Of the query behind it. */
  readonly generatorURL?: string;
}

const TEXTS: Readonly<Record<Language, Record<'summary' | 'description' | 'impact', string>>> = {
  en: {
    summary: 'The disk of db-1 is nearly full: 4 % are free',
    description: '/var/lib/postgresql grows by 2 GB a day and has 3 GB left.',
    impact: 'When it is full, the database takes no more entries: citizens see errors.',
  },
  de: {
    summary: 'Die Platte von db-1 ist fast voll: 4 % sind frei',
    description: '/var/lib/postgresql wächst um 2 GB am Tag, 3 GB sind frei.',
    impact: 'Ist sie voll, nimmt die Datenbank nichts mehr an: Bürger sehen Fehler.',
  },
};

const QUERY = 'node_filesystem_avail_bytes / node_filesystem_size_bytes < 0.05';

/** Of which nothing is set: no severity, so that every receiver can have it. */
export function builtInExample(
  language: Language,
  urls: { readonly runbooks?: string | undefined; readonly prometheus?: string | undefined },
): ExampleAlert {
  return {
    labels: {
      alertname: 'DiskNearlyFull',
      workspace_id: 'rathaus-nord',
      component: 'database',
      instance: 'db-1:9100',
      mountpoint: '/var/lib/postgresql',
    },
    annotations: {
      ...TEXTS[language],
      runbook: 'leitstand explain NodeFilesystemAlmostOutOfSpace',
      ...(urls.runbooks === undefined
        ? {}
        : { runbook_url: `${urls.runbooks}/NodeFilesystemAlmostOutOfSpace.md` }),
      dashboard_url: 'https://grafana.example.org/d/disks?var-instance=db-1',
    },
    ...(urls.prometheus === undefined ? {} : { generatorURL: queryUrl(urls.prometheus, QUERY) }),
  };
}

/** As Prometheus makes it of a rule's expression on one line (util/strutil, TableLinkForExpression). */
export function queryUrl(prometheus: string, expression: string): string {
  const query = new URLSearchParams({ 'g0.expr': expression.trim().replaceAll(/\s+/g, ' '), 'g0.tab': '1' });
  return `${prometheus.replace(/\/+$/, '')}/graph?${query.toString()}`;
}

const HOSTILE_LABELS = {
  alertname: 'Hostile <!channel> </b>',
  workspace_id: 'nord\r\nBcc: mallory@example.org\r\n\r\n"<!everyone>"',
  component: '{{ .CommonLabels }} ${HOME} %s \\ \u202Egnp.exe',
  instance: '</td></table><script>alert(1)</script>',
} as const;

const HOSTILE_ANNOTATIONS = {
  summary: '<!here> <@U012345> <https://evil.example.org|Runbook> *bold* <img src=x onerror=alert(1)>',
  description: `first line\r\n.\r\n${'A very long sentence that nobody wants to read at night. '.repeat(40)}`,
  impact: '"><svg/onload=alert(1)> \u001B[31mred\u001B[0m',
  runbook_url: 'javascript:alert(document.domain)',
  dashboard_url: 'https://example.org/"><script>alert(1)</script>',
} as const;

/**
 * Each value tries to break out of one of the places where values are put: channel, header, page, template, terminal.
 * Labels that routing goes by stay.
 */
export function hostileVersion(example: ExampleAlert, kept: ReadonlySet<string>): ExampleAlert {
  return {
    ...example,
    labels: { ...example.labels, ...HOSTILE_LABELS, ...only(example.labels, kept) },
    annotations: { ...example.annotations, ...HOSTILE_ANNOTATIONS },
  };
}

/** Without annotations, and with no more labels than it takes to be routed. */
export function bareVersion({ labels }: ExampleAlert, kept: ReadonlySet<string>): ExampleAlert {
  return {
    labels: { alertname: labels.alertname, ...only(labels, new Set([...kept, 'severity', 'stack'])) },
    annotations: {},
  };
}

export function only(labels: Labels, names: ReadonlySet<string>): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => names.has(name)));
}

/** The same alert of another instance, in what its texts say as well. */
export function onInstance(example: ExampleAlert, number: number, kept: ReadonlySet<string>): ExampleAlert {
  const ordinal = String(number).padStart(2, '0');
  const { instance } = example.labels;
  if (instance === undefined || kept.has('instance'))
    return { ...example, labels: { ...example.labels, example: ordinal } };
  const [host = '', ...port] = instance.split(':');
  const word = new RegExp(`(?<![\\w.-])${host.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w-])`, 'g');
  const renamed = (text: string) => text.replaceAll(word, () => `${host}-${ordinal}`);
  return {
    ...example,
    labels: { ...example.labels, instance: [`${host}-${ordinal}`, ...port].join(':') },
    annotations: Object.fromEntries(
      Object.entries(example.annotations).map(([name, text]) => [
        name,
        name === 'summary' || name === 'description' ? renamed(text) : text,
      ]),
    ),
  };
}
