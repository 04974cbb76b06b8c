import { dirname } from 'node:path';
import { prometheusesOf } from '../belonging.ts';
import { programsOf } from '../exporters.ts';
import type { Finding } from '../finding.ts';
import type { Lint } from '../lint.ts';
import type { Inspected, PrometheusFile } from '../model.ts';
import { isOfficialImage, pathsInContainer, servicesRunning } from '../mounts.ts';

export const alertPath: Lint = {
  code: 'LS-CHECK-015',
  title: 'rules are loaded, and their alerts leave Prometheus',
  inspect: (model) =>
    model.prometheuses.flatMap((prometheus) => [
      ...nowhereToSend(model, prometheus),
      ...emptyGlobs(model, prometheus),
      ...unwatched(model, prometheus),
    ]),
};

function finding(
  prometheus: PrometheusFile,
  severity: Finding['severity'],
  subject: string,
  rest: Pick<Finding, 'what' | 'why' | 'fix'>,
): Finding {
  return { code: 'LS-CHECK-015', severity, subject, where: prometheus.where, ...rest };
}

function nowhereToSend(model: Inspected, prometheus: PrometheusFile): Finding[] {
  const hasAlerts = model.ruleFiles.some(
    (file) =>
      prometheusesOf(model, file).includes(prometheus) &&
      file.groups.some(({ rules }) => rules.some(({ kind }) => kind === 'alert')),
  );
  const { alertmanagers } = prometheus;
  const sends = alertmanagers !== undefined && (alertmanagers.isOpen || alertmanagers.targets.length > 0);
  if (sends || !hasAlerts || prometheus.ruleGlobs.length === 0) return [];
  return [
    finding(prometheus, 'error', 'alerting', {
      what: `${prometheus.file} loads alerting rules and names no Alertmanager`,
      why: 'alerts fire inside Prometheus, and nobody is told',
      fix: 'add alerting: {alertmanagers: [{static_configs: [{targets: ["HOST:9093"]}]}]}',
    }),
  ];
}

function emptyGlobs(model: Inspected, prometheus: PrometheusFile): Finding[] {
  return prometheus.ruleGlobs.flatMap(({ pattern, where }) => {
    const places = pathsInContainer(model, 'prometheus', pattern, dirname(prometheus.file));
    if (places.some((place) => model.fileExists(place) !== false)) return [];
    // In a container that is known, a path that no mount covers comes from the image, which has no rules.
    const isUnmounted = places.length === 0 && isOfficial(model);
    if (places.length === 0 && !isUnmounted) return [];
    return [
      {
        ...finding(prometheus, 'error', pattern, {
          what: `rule_files: ${pattern} matches no file`,
          why: isUnmounted
            ? 'nothing is mounted there; Prometheus starts without these rules and says nothing'
            : 'Prometheus starts without these rules and says nothing',
          fix: isUnmounted
            ? 'mount the rule files into the container of Prometheus'
            : 'correct the path (it counts from the configuration file), or delete the line',
        }),
        where,
      },
    ];
  });
}

function unwatched(model: Inspected, prometheus: PrometheusFile): Finding[] {
  const { alertmanagers, jobs, hasMoreJobs } = prometheus;
  if (alertmanagers === undefined || alertmanagers.targets.length === 0 || alertmanagers.isOpen) return [];
  const isScraped = jobs.some((job) => job.isOpen || programsOf(job, model).includes('alertmanager'));
  const addresses = new Set(alertmanagers.targets.map(({ address }) => address));
  const byAddress = jobs.some(({ targets }) => targets.some(({ address }) => addresses.has(address)));
  if (isScraped || byAddress || hasMoreJobs) return [];
  return [
    finding(prometheus, 'warning', 'alertmanager', {
      what: `${prometheus.file} sends alerts to Alertmanager and does not scrape it`,
      why: 'notifications that fail are counted there, and nobody sees the counter',
      fix: 'add a scrape job alertmanager, and a rule on alertmanager_notifications_failed_total',
    }),
  ];
}

/** Started from its own image, which holds no rules. */
function isOfficial(model: Inspected): boolean {
  const services = servicesRunning(model, 'prometheus');
  return (
    services.length > 0 && services.every((service) => isOfficialImage(service) && service.mounts.length > 0)
  );
}
