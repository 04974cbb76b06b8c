import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { findingsOf, modelOfDirectory, outlineOf } from './model-of.ts';

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));

it("finds every defect of the first users' stack, and nothing else", async () => {
  const model = await modelOfDirectory(here('mission'));
  expect(outlineOf(findingsOf(model))).toEqual([
    'alertmanager/alertmanager.yml:1 warning LS-CHECK-016 dead-mans-switch',
    'alertmanager/alertmanager.yml:5 warning LS-CHECK-019 alertmanager/alertmanager.yml',
    'alertmanager/alertmanager.yml:14 error LS-CHECK-007 default-receiver',
    'alertmanager/alertmanager.yml:18 error LS-CHECK-007 critical-alerts',
    'alertmanager/alertmanager.yml:22 error LS-CHECK-007 warning-alerts',
    'alertmanager/alertmanager.yml:25 error LS-CHECK-006 inhibition 1',
    'prometheus/alert-rules.yml:5 error LS-CHECK-009 PrometheusCrash',
    'prometheus/alert-rules.yml:29 error LS-CHECK-002 ContainerMemoryHigh',
    'prometheus/alert-rules.yml:29 error LS-CHECK-008 ContainerMemoryHigh',
    'prometheus/alert-rules.yml:36 error LS-CHECK-002 ContainerMemoryCritical',
    'prometheus/alert-rules.yml:36 error LS-CHECK-008 ContainerMemoryCritical',
    'prometheus/alert-rules.yml:43 warning LS-CHECK-010 PrometheusTSDBFull',
    'prometheus/prometheus.yml:1 warning LS-CHECK-015 alertmanager',
  ]);
});

describe.each([
  ['prometheus-3.16.0', 'alertmanager-0.31.1'],
  ['prometheus-2.42.0', 'alertmanager-0.25.0'],
])('what Leitstand itself renders: %s, %s', (prometheus, alertmanager) => {
  it('is nothing to complain about but that nobody outside waits for the Watchdog', async () => {
    const golden = here('../golden');
    const models = await Promise.all(
      [prometheus, alertmanager].map((name) => modelOfDirectory(`${golden}/${name}`)),
    );
    const [first, second] = models;
    if (!first || !second) throw new Error('no golden files');
    expect(first.prometheuses).toHaveLength(1);
    expect(first.ruleFiles.length).toBeGreaterThan(2);
    expect(second.alertmanagers).toHaveLength(1);
    const both = {
      ...first,
      alertmanagers: second.alertmanagers,
      context: 'host' as const,
      fileExists: (pattern: string) =>
        first.fileExists(pattern) === true || second.fileExists(pattern) === true,
    };
    // The addresses of the golden files are examples, and are found to be.
    const findings = findingsOf(both).filter(({ what }) => !what.includes('reserved for examples'));
    expect(findings.map(({ code, severity }) => `${code} ${severity}`)).toEqual(['LS-CHECK-016 warning']);
  });
});
