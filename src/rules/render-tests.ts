import { stringify } from 'yaml';
import { durationMs } from '../platform/units.ts';
import { expandAnnotation } from './annotation.ts';
import { alertsOf, type Pack, type PackAlert, type PackTests, valuesOf } from './pack.ts';
import { fillPlaceholders, type Values } from './placeholders.ts';
import { isEnabled, type PackSettings, renderAlert, type RenderedAlert, settingsOf } from './render.ts';

/**
 * The pack's unit tests for promtool, for the rules as the settings make them: with their limits, `for`, severity and
 * texts, without those that are switched off. An alert whose tests say nothing about absent series is expected to be
 * quiet then.
 */
export function renderPackTests(pack: Pack, settings: PackSettings): string {
  const packTests = pack.tests();
  const tests = alertsOf([pack])
    .filter((alert) => isEnabled(alert, settings))
    .flatMap((alert) => {
      const own = packTests.filter((test) => test.alert === alert.name);
      const hasAbsence = own.some(({ input_series }) => input_series.length === 0);
      return (hasAbsence ? own : [...own, quietWithoutSeries(alert)]).map((test) =>
        renderTest(test, alert, settings),
      );
    });
  return stringify(
    { rule_files: [`${pack.name}.rules.yml`], evaluation_interval: '1m', tests },
    { lineWidth: 0 },
  );
}

function quietWithoutSeries({ name }: PackAlert): PackTests[number] {
  return {
    alert: name,
    name: 'quiet without its series',
    interval: '1m',
    input_series: [],
    alert_rule_test: [{ eval_time: '<<for + 3600>>s', exp_alerts: [] }],
  };
}

/** Placeholders in tests know the alert's parameters, and its `for` in seconds. */
function renderTest(test: PackTests[number], alert: PackAlert, settings: PackSettings) {
  const own = settingsOf(alert, settings);
  const rendered = renderAlert(alert, settings);
  const values = { ...valuesOf(alert, own), for: Math.ceil(durationMs(rendered.for) / 1000) };
  return {
    name: `${alert.name}: ${test.name}`,
    interval: test.interval,
    input_series: test.input_series.map(({ series, values: samples }) => ({
      series: fillPlaceholders(series, values),
      values: fillPlaceholders(String(samples), values),
    })),
    alert_rule_test: test.alert_rule_test.map(({ eval_time, exp_alerts }) => ({
      eval_time: fillPlaceholders(eval_time, values),
      alertname: alert.name,
      exp_alerts: exp_alerts.map((expected) => renderExpected(expected, rendered, values)),
    })),
  };
}

type Expected = PackTests[number]['alert_rule_test'][number]['exp_alerts'][number];

function renderExpected({ exp_labels, value }: Expected, rendered: RenderedAlert, values: Values) {
  const labels = Object.fromEntries(
    Object.entries(exp_labels).map(([key, text]) => [key, fillPlaceholders(text, values)]),
  );
  const number = value === undefined ? undefined : Number(fillPlaceholders(String(value), values));
  return {
    exp_labels: { severity: rendered.labels.severity, ...labels },
    exp_annotations: Object.fromEntries(
      Object.entries(rendered.annotations).map(([key, text]) => [
        key,
        expandAnnotation(text, labels, number),
      ]),
    ),
  };
}
