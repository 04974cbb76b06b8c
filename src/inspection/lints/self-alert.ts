import { allMatch } from '../../routing/matcher.ts';
import { isAlwaysFiring } from '../always-firing.ts';
import { alertsOf, allRules, labelValue, prometheusesOf } from '../belonging.ts';
import { programsOf } from '../exporters.ts';
import type { Finding } from '../finding.ts';
import type { Lint } from '../lint.ts';
import type { Inspected, PrometheusFile, Rule, ScrapeJob } from '../model.ts';
import {
  constantOf,
  isComparison,
  selectorsOf,
  walk,
  type Expression,
  type Selector,
} from '../promql/expression.ts';
import { destinationsOf, receiverNamed } from '../routes.ts';

export const selfAlert: Lint = {
  code: 'LS-CHECK-009',
  title: 'no alert that only its own subject could send',
  inspect: (model) => {
    const severity = leavesByDeadMansSwitch(model) ? 'warning' : 'error';
    return model.ruleFiles.flatMap((file) => {
      const [prometheus, ...others] = prometheusesOf(model, file);
      if (prometheus === undefined || others.length > 0) return [];
      return file.groups.flatMap(({ rules }) =>
        rules.flatMap((rule) => {
          const subject = deadSubject(rule, prometheus, model);
          return subject === undefined ? [] : [finding(rule, subject, severity)];
        }),
      );
    });
  },
};

type Subject = 'prometheus' | 'alertmanager';

/** The one program whose death the rule is about; undefined when it is about others as well. */
function deadSubject(rule: Rule, prometheus: PrometheusFile, model: Inspected): Subject | undefined {
  if (rule.kind !== 'alert' || rule.parsed?.state !== 'parsed') return undefined;
  const { expression } = rule.parsed;
  const selectors = selectorsOf(expression);
  if (selectors.length === 0 || selectors.some(({ metric }) => metric !== 'up') || !isAboutDeath(expression))
    return undefined;
  const subjects = new Set(selectors.map((selector) => subjectOf(selector, prometheus, model)));
  const [subject] = subjects;
  return subjects.size === 1 ? subject : undefined;
}

function subjectOf(selector: Selector, prometheus: PrometheusFile, model: Inspected): Subject | undefined {
  const jobs = prometheus.jobs.filter(
    ({ name }) => allMatch(selector.matchers, (label) => (label === 'job' ? name : undefined)) !== false,
  );
  const named = selector.matchers.some(({ label }) => label === 'job');
  const [job] = jobs;
  if (!named || job === undefined || jobs.length > 1 || job.isOpen || job.targets.length !== 1)
    return undefined;
  return onlyOf(job, prometheus, model);
}

function onlyOf(job: ScrapeJob, { alertmanagers }: PrometheusFile, model: Inspected): Subject | undefined {
  const programs = programsOf(job, model);
  if (programs.length !== 1) return undefined;
  const [target] = job.targets;
  const runsItself = target !== undefined && (target.port === 9090 || target.host === 'localhost');
  if (programs[0] === 'prometheus' && runsItself) return 'prometheus';
  const isOnlyOne =
    alertmanagers !== undefined && !alertmanagers.isOpen && alertmanagers.targets.length === 1;
  return programs[0] === 'alertmanager' && isOnlyOne ? 'alertmanager' : undefined;
}

function isAboutDeath(expression: Expression): boolean {
  return walk(expression).some((each) => {
    if (each.kind === 'call') return each.name.startsWith('absent');
    if (!isComparison(each)) return false;
    const limit = constantOf(each.right);
    return (
      limit !== undefined &&
      ((each.operator === '==' && limit === 0) ||
        (each.operator === '<' && limit <= 1) ||
        (each.operator === '!=' && limit === 1))
    );
  });
}

/** An always-firing alert that some receiver gets: who is told that Prometheus died. */
function leavesByDeadMansSwitch(model: Inspected): boolean {
  return allRules(model)
    .filter(isAlwaysFiring)
    .some((rule) =>
      model.alertmanagers.some(
        (alertmanager) =>
          alertmanager.route !== undefined &&
          alertsOf(model, alertmanager).includes(rule) &&
          destinationsOf(alertmanager.route, (label) => labelValue(model, rule, label)).some(
            ({ receiver }) => (receiverNamed(alertmanager, receiver)?.integrations.length ?? 0) > 0,
          ),
      ),
    );
}

function finding(rule: Rule, subject: Subject, severity: Finding['severity']): Finding {
  const own = subject === 'prometheus';
  return {
    code: 'LS-CHECK-009',
    severity,
    subject: rule.name,
    where: rule.whereIn(0),
    what: own
      ? `${rule.name} is about the Prometheus that would have to evaluate it`
      : `${rule.name} is about the only Alertmanager, which would have to tell about it`,
    why: own
      ? 'when it is down, no rule is evaluated: the alert is never sent'
      : 'when it is down, nobody is told',
    fix:
      severity === 'warning'
        ? "delete it: the dead man's switch is what tells about this"
        : "send an always-firing alert (`vector(1)`) to a dead man's switch elsewhere, which alarms when it stops",
  };
}
