import { stringify } from 'yaml';
import type { RuleFile } from '../stack/offer.ts';
import type { Language } from '../stack/language.ts';
import type { AlertSettings, RuleSettings } from '../stack/stack.ts';
import type { AlertTexts, Pack, PackAlert } from './pack.ts';
import { valuesOf } from './pack.ts';
import { fillPlaceholders } from './placeholders.ts';

const HEADER =
  '# Written by Leitstand: changes made here are lost. `rules.alerts` in leitstand.yaml changes them.\n';

/** What a stack wants otherwise; its alert names and numbers must have passed `settingMistakes`. */
export interface PackSettings {
  readonly rules: Pick<RuleSettings, 'alerts' | 'runbookBaseUrl'>;
  readonly language: Language;
}

/** An alert with its settings applied; texts still hold Prometheus' templates. */
export interface RenderedAlert {
  readonly alert: string;
  readonly expr: string;
  readonly for: string;
  readonly labels: { readonly severity: string };
  readonly annotations: Readonly<Record<string, string>> & AlertTexts;
}

/** Rules that every Prometheus since 2.42 takes; undefined when the settings leave none of the pack. */
export function renderPack(pack: Pack, settings: PackSettings): RuleFile | undefined {
  const groups = pack.groups
    .map(({ name, alerts }) => ({
      name,
      rules: alerts
        .filter((alert) => isEnabled(alert, settings))
        .map((alert) => renderAlert(alert, settings)),
    }))
    .filter(({ rules }) => rules.length > 0);
  if (groups.length === 0) return undefined;
  return {
    name: `${pack.name}.rules.yml`,
    content: HEADER + stringify({ groups }, { lineWidth: 0 }),
  };
}

export function isEnabled(alert: PackAlert, settings: PackSettings): boolean {
  return settingsOf(alert, settings).enabled !== false;
}

export function renderAlert(alert: PackAlert, settings: PackSettings): RenderedAlert {
  const own = settingsOf(alert, settings);
  const values = valuesOf(alert, own);
  const { summary, description } = alert.annotations[settings.language];
  const { runbookBaseUrl } = settings.rules;
  return {
    alert: alert.name,
    expr: fillPlaceholders(alert.expr, values),
    for: own.for ?? alert.for,
    labels: { severity: own.severity ?? alert.severity },
    annotations: {
      summary: fillPlaceholders(summary, values),
      description: fillPlaceholders(description, values),
      runbook: `leitstand explain ${alert.name}`,
      ...(runbookBaseUrl === undefined ? {} : { runbook_url: `${runbookBaseUrl}/${alert.name}.md` }),
    },
  };
}

export function settingsOf(alert: PackAlert, { rules }: PackSettings): AlertSettings {
  return (Object.hasOwn(rules.alerts, alert.name) ? rules.alerts[alert.name] : undefined) ?? {};
}
