import { defineErrors } from '../platform/errors.ts';
import { EXIT } from '../platform/exit-codes.ts';

/** The kinds of findings of `check`, and what keeps it from looking at all. */
export const inspectionErrors = defineErrors({
  'LS-CHECK-001': {
    exit: EXIT.no,
    title: 'a file or an expression cannot be read',
    explanation:
      'The file is no valid YAML, or an expression is no PromQL. The program refuses to start with it, or keeps running ' +
      'on what it read before, which is worse: the change seems to be in force and is not.',
  },
  'LS-CHECK-002': {
    exit: EXIT.no,
    title: 'a rule uses a metric that nothing scraped has',
    explanation:
      'The metric belongs to a known program (`container_*` to cAdvisor, `node_*` to the node exporter …), and no scrape ' +
      'job of this Prometheus is about that program. The expression finds no series, which is no error in Prometheus: ' +
      'the alert never fires. Scrape the program, or delete the rule. Nothing is claimed about metrics that are unknown ' +
      'to Leitstand, or where service discovery, federation or pushes could bring them in.',
  },
  'LS-CHECK-003': {
    exit: EXIT.no,
    title: 'a rule names a scrape job that does not exist',
    explanation:
      'A matcher such as `job="loki"` fits no job of the scrape configuration: the expression finds nothing. Usually the ' +
      'job was renamed. `absent(…)` on such a job fires always.',
  },
  'LS-CHECK-004': {
    exit: EXIT.no,
    title: 'a severity that nobody is told about',
    explanation:
      'Alerts of this severity match no route and fall to a default receiver without integrations, or they miss their ' +
      'route only by spelling (`High` and `high` are two values). Prometheus shows them as firing, and nobody is told.',
  },
  'LS-CHECK-005': {
    exit: EXIT.no,
    title: 'a receiver that cannot deliver',
    explanation:
      'Alertmanager accepts much that cannot work: receivers without integrations, `${VAR}` (it expands no variables), ' +
      'placeholders, empty or missing secrets. It notices when it sends, at the time of the alert. Prove a receiver with ' +
      '`leitstand alert test`.',
  },
  'LS-CHECK-006': {
    exit: EXIT.no,
    title: 'an inhibition that can never match',
    explanation:
      'An inhibition mutes a target alert while a source alert fires and all labels under `equal` have the same values ' +
      'on both. With these rules no such pair exists: a common case is `alertname` under `equal` where the alerts are ' +
      'called FooHigh and FooCritical. It mutes nothing, and people get both.',
  },
  'LS-CHECK-007': {
    exit: EXIT.no,
    title: 'localhost inside a container',
    explanation:
      'Inside a container localhost is the container itself, not the machine: nothing listens there. Use the name of the ' +
      'other service, or `host.docker.internal` (with `extra_hosts: host.docker.internal:host-gateway` on Linux) for a ' +
      'program on the machine.',
  },
  'LS-CHECK-008': {
    exit: EXIT.no,
    title: 'a division by a limit that can be 0',
    explanation:
      'Where no limit is set, such metrics are 0 and not absent (cAdvisor says 0 for a container without a memory ' +
      'limit). The ratio is +Inf, which is above every threshold: the alert fires for everything unlimited. Divide by ' +
      '`(limit > 0)`.',
  },
  'LS-CHECK-009': {
    exit: EXIT.no,
    title: 'an alert that only its own subject could send',
    explanation:
      'A Prometheus that is down evaluates no rules, and an Alertmanager that is down notifies nobody: the alert about it ' +
      "is never sent. What helps is a dead man's switch: an always-firing alert that goes to somebody outside, who raises " +
      'the alarm when it stops.',
  },
  'LS-CHECK-010': {
    exit: EXIT.no,
    title: 'a size in a rule that is configured elsewhere',
    explanation:
      'The rule compares with a number that is also a setting (retention size, memory limit). Whoever changes the setting ' +
      'does not see the rule: it then fires too early, or never.',
  },
  'LS-CHECK-011': {
    exit: EXIT.no,
    title: 'a rate that cannot be computed',
    explanation:
      '`rate` and its like need two samples in their window: one that is not longer than the scrape interval never has ' +
      'them, one below twice the interval has them by luck. They are for counters: on something that goes up and down ' +
      'they compute nonsense, and a counter compared without them only ever grows.',
  },
  'LS-CHECK-012': {
    exit: EXIT.no,
    title: 'an alert that says too little, or says it twice',
    explanation:
      'Without `severity` an alert cannot be routed by it; without summary or description, whoever is woken does not know ' +
      'what for. Two alerts of one name and the same labels overwrite each other in Alertmanager, and a label set in the ' +
      'rule replaces the one of the series.',
  },
  'LS-CHECK-013': {
    exit: EXIT.no,
    title: 'a text that uses a label which the expression drops',
    explanation:
      '`sum by (job) (…)` keeps only `job`. `{{ $labels.instance }}` in the annotation is then empty: the message arrives ' +
      'and does not say where.',
  },
  'LS-CHECK-014': {
    exit: EXIT.no,
    title: 'a scrape job that does not work as it stands',
    explanation:
      'Two jobs of one name, a timeout longer than the interval, a Pushgateway without `honor_labels` (the labels that ' +
      'were pushed are renamed), or a service discovery that this build of Prometheus does not have.',
  },
  'LS-CHECK-015': {
    exit: EXIT.no,
    title: 'alerts that do not leave Prometheus, or rules it does not load',
    explanation:
      'The path from rule to message is cut in the configuration: no `alerting` section, a `rule_files` pattern that ' +
      'matches nothing, or an Alertmanager that nobody watches.',
  },
  'LS-CHECK-016': {
    exit: EXIT.no,
    title: "no dead man's switch outside",
    explanation:
      'When Prometheus, Alertmanager or the machine is down, silence looks like health. An always-firing alert ' +
      '(`vector(1)`) that goes to a service elsewhere makes silence heard: it raises the alarm when the alert stops coming.',
  },
  'LS-CHECK-017': {
    exit: EXIT.no,
    title: 'a waiver that does not hold any more',
    explanation:
      'A waiver has a last day, so that it is looked at again. After it the finding counts; one that covers nothing hides ' +
      'the next mistake of its kind. Renew it with a reason, or delete it.',
  },
  'LS-CHECK-018': {
    exit: EXIT.no,
    title: 'an inhibition that mutes too much',
    explanation:
      'Without labels under `equal`, one alert of the source mutes every alert of the target, whatever machine or service ' +
      'it is about.',
  },
  'LS-CHECK-019': {
    exit: EXIT.no,
    title: 'a notation that is going away',
    explanation:
      '`match`, `match_re` and their `source_` and `target_` forms are deprecated since Alertmanager 0.22. They still ' +
      'work; `matchers` says the same.',
  },
  'LS-CHECK-020': {
    exit: EXIT.no,
    title: "a program's own validator refuses a file",
    explanation:
      'promtool or amtool judged the file and said no; their words follow. The program would refuse to start or to reload.',
  },
  'LS-CHECK-021': {
    exit: EXIT.usage,
    title: 'there is nothing to check',
    explanation:
      'The named place does not exist, or holds no file that is recognised: Prometheus has `scrape_configs`, ' +
      '`rule_files` or `alerting`, rules have `groups`, Alertmanager has `route` and `receivers`.',
  },
  'LS-CHECK-022': {
    exit: EXIT.couldNotCheck,
    title: 'an attached stack has nothing to check',
    explanation:
      'Only Prometheus and Alertmanager have files that are looked at, and neither is attached. What is attached is ' +
      'checked by the files named with `config_file`, or else by what the APIs give.',
  },
  'LS-CHECK-023': {
    exit: EXIT.no,
    title: 'a shipped rule fails its unit tests with your settings',
    explanation:
      'The shipped rules come with tests: fires, stays quiet, absent series, counter reset, a limit of 0. They run again on ' +
      'the rules as `rules.alerts` changes them. A failing one means that the alert, with these settings, does not do what ' +
      'it is for. `leitstand explain ALERT` shows its parameters.',
  },
  'LS-CHECK-024': {
    exit: EXIT.no,
    title: 'an alert that reaches nobody',
    explanation:
      'A route takes the alert, and everything behind it tells nobody: the receiver has no integrations, or the route is ' +
      'active only in hours that never come. Prometheus shows the alert as firing, Alertmanager has it, and nobody hears ' +
      'of it. `leitstand alert routes --rules` shows every rule with its receiver. A receiver that is called `null`, and ' +
      'the severity `none`, are taken as meant.',
  },
  'LS-CHECK-025': {
    exit: EXIT.no,
    title: 'critical alerts that are held back at times',
    explanation:
      'The route of critical alerts has a time interval. While it mutes them nobody is told; what still fires at its end ' +
      'is told then, what is over by then is told never. Leitstand refuses this in its own configuration.',
  },
  'LS-CHECK-026': {
    exit: EXIT.no,
    title: 'a receiver that no route leads to',
    explanation:
      'Somebody set it up to be told, and is told nothing. `leitstand alert routes` shows every route.',
  },
  'LS-CHECK-027': {
    exit: EXIT.no,
    title: 'a route that is never reached',
    explanation:
      'Routes of one level are tried in the order of the file, and the first that matches ends the search, unless it has ' +
      '`continue: true`. One before this asks for no more than it does, and so takes every alert that it would.',
  },
  'LS-CHECK-028': {
    exit: EXIT.no,
    title: 'a time interval that is not what it seems',
    explanation:
      'One that is not defined or is malformed: Alertmanager refuses the file. One that never comes: routes that are ' +
      'active only then tell nobody. One by `days_of_month` in a zone that puts the clock forward: Alertmanager counts the ' +
      'hours of the month, divides by 24 and cuts, so that March has 30 days in Europe/Berlin; `-1` is the 30th there, and ' +
      'the 31st is in no interval that names days.',
  },
  'LS-CHECK-029': {
    exit: EXIT.no,
    title: 'a Slack message that calls people',
    explanation:
      '`<!channel>`, `<!here>` and `<@U…>` call people in Slack. Written into a text they do so in every message, also in ' +
      'the one that says that all is well again. Alertmanager escapes nothing, so that they do so from a label as well, ' +
      'whoever may set it; with `link_names` even `@here` does. The texts of Leitstand escape every value; own ones do with ' +
      '`{{ template "leitstand.slack.escaped" VALUE }}`.',
  },
  'LS-CHECK-030': {
    exit: EXIT.no,
    title: 'nobody else is told when a receiver cannot be reached',
    explanation:
      'DeliveryUnproven and DeliveryFailed say that alerts may not reach a receiver. Leitstand routes them to another one: ' +
      'the default, else the first that is reached in a way in which the receiver itself is not (another channel, ' +
      'another address, another provider). Without such a receiver they go where they will not arrive. A second receiver ' +
      'needs no routes of its own: that it is there is enough.',
  },
  'LS-CHECK-031': {
    exit: EXIT.no,
    title: 'backups are not encrypted',
    explanation:
      'Backups leave the machine, and the store is read by more people than the stack: whoever has it can read every log ' +
      'line. With `backup.recovery_keys` they are encrypted before they leave, and the secret half that opens them is on ' +
      'paper (docs/encryption.md). Encryption by the S3 server protects its disks, not what its users can read.',
  },
});

export type InspectionCode = keyof typeof inspectionErrors.kinds;
