import { stringify } from 'yaml';
import { TEST_ALERT_PREFIX, TEST_LABEL, TEST_METRIC, TEST_RULE } from '../stack/delivery.ts';
import type { Language } from '../stack/language.ts';
import type { RuleFile } from '../stack/offer.ts';

const HEADER =
  '# Written by Leitstand: changes made here are lost. It fires while `leitstand alert test --from-prometheus` asks for it.\n';

const MARK = `{{ $labels.${TEST_LABEL} }}`;

/** The mark stands in the summary, since the alert's name is always the same. */
const TEXTS: Readonly<Record<Language, Record<'summary' | 'description', string>>> = {
  en: {
    summary: `Test alert from Leitstand: nothing is wrong (${TEST_ALERT_PREFIX}${MARK})`,
    description: `Test ${MARK}, raised by a rule of Prometheus. It ends by itself; nobody has to act.`,
  },
  de: {
    summary: `Testalarm von Leitstand: es ist nichts passiert (${TEST_ALERT_PREFIX}${MARK})`,
    description: `Test ${MARK}, ausgelöst von einer Regel in Prometheus. Er endet von selbst; niemand muss etwas tun.`,
  },
};

/**
 * The rule that raises test alerts: always loaded, and about nothing until the daemon shows the metric. Its severity and
 * every other label are those of the metric, so that one rule reaches each receiver; Prometheus drops an empty one.
 */
export function testRuleFile(language: Language): RuleFile {
  const rule = {
    alert: TEST_RULE,
    expr: `${TEST_METRIC} == 1`,
    labels: { severity: '{{ $labels.severity }}' },
    annotations: TEXTS[language],
  };
  return {
    name: 'leitstand-test.rules.yml',
    content: HEADER + stringify({ groups: [{ name: 'leitstand-test', rules: [rule] }] }, { lineWidth: 0 }),
  };
}
