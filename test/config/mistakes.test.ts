import { describe, expect, it } from 'vitest';
import { type Files, HEAD, mistakes } from './workplace.ts';

interface Case {
  readonly name: string;
  readonly yaml: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly files?: Files;
}

/** A receiver, and the beginning of its routing. */
const ROUTED = `${HEAD}components:\nreceivers:\n  a: {}\nrouting:\n  default: a\n`;

/** Made for this test; opens nothing. */
const KEYS = [
  'age1t6h05g0x4sf58gal22zcmuerdufvx8zyzm9ltggqss87p3m5m3sqxdd83k',
  'age136r9rgz6u5dw7wwydet4uwrntcc4www3smufux5xuudc6dmea9ss4jlgw9',
] as const;
const SECRET_HALF = 'AGE-SECRET-KEY-1E8N2SRHGN9HDGYKYRJKYM0F6SENKTZ56EY0S78WQU46QE5NNCJ8QRP9XY8';

/** Each group is a golden file of its own: every file that is wrong, followed by what people read about it. */
const GROUPS: Readonly<Record<string, readonly Case[]>> = {
  keys: [
    {
      name: 'unknown, with the nearest one',
      yaml: `${HEAD}components:\n  prometheus:\n    port: 9090\n    retension: 15d\n`,
    },
    { name: 'unknown, with all there are', yaml: `${HEAD}components:\n  prometheus:\n    zzz: 15d\n` },
    { name: 'unknown at the top level', yaml: `${HEAD}component: {}\ncomponents: {}\n` },
    {
      name: 'written in another style',
      yaml: `${HEAD}components:\n  prometheus:\n    scrapeInterval: 15s\n`,
    },
    { name: 'written twice', yaml: `${HEAD}components:\n  prometheus:\n    port: 9090\n    port: 9191\n` },
    { name: 'missing at the top level', yaml: `components: {}\nstack: a\n` },
    {
      name: 'missing in an entry of a list',
      yaml: `${HEAD}components:\nreceivers:\n  a:\n    slack:\n      - channel: '#a'\n      - webhook_url: x\nrouting: {default: a}\n`,
    },
    { name: 'that every object inherits', yaml: `${HEAD}components:\n__proto__: {a: 1}\nconstructor: 1\n` },
  ],
  names: [
    { name: 'of an unknown component', yaml: `${HEAD}components:\n  promethues:\n` },
    { name: 'of an unknown component that is near nothing', yaml: `${HEAD}components:\n  nginx:\n` },
    {
      name: 'of an unknown integration',
      yaml: `${HEAD}components:\nreceivers:\n  a:\n    slak: []\nrouting: {default: a}\n`,
    },
    {
      name: 'of unknown receivers',
      yaml: `${HEAD}components:\nreceivers:\n  on-call: {}\nrouting:\n  severity: {critical: oncall, warning: nobody}\n  default: on-cal\n`,
    },
    { name: 'of receivers, when there are none', yaml: `${HEAD}components:\nrouting: {default: on-call}\n` },
    {
      name: 'that are not allowed',
      yaml: `schema: 1\nstack: Rathaus Süd\ncomponents:\nreceivers:\n  On Call: {}\n`,
    },
    { name: 'of the default receiver are required', yaml: `${HEAD}components:\nreceivers:\n  a: {}\n` },
  ],
  'recovery keys': [
    {
      name: 'the secret half of one, which is not quoted',
      yaml: `${HEAD}components:\nbackup:\n  recovery_keys: [${KEYS[0]}, ${SECRET_HALF}]\n`,
    },
    {
      name: 'the secret half of one, where a list belongs',
      yaml: `${HEAD}components:\nbackup:\n  recovery_keys: ${SECRET_HALF}\n`,
    },
    {
      name: 'the secret half of one, from the environment',
      yaml: `${HEAD}components:\nbackup:\n  recovery_keys:\n    - \${env:KEY}\n`,
      env: { KEY: SECRET_HALF },
    },
    {
      name: 'one with a mistyped character, and another kind of key',
      yaml: `${HEAD}components:\nbackup:\n  recovery_keys:\n    - ${KEYS[0].replace('q', 'p')}\n    - ssh-ed25519 AAAA\n`,
    },
    {
      name: 'one twice',
      yaml: `${HEAD}components:\nbackup:\n  recovery_keys:\n    - ${KEYS[0]}\n    - ${KEYS[1]}\n    - ${KEYS[0]}\n`,
    },
    { name: 'none', yaml: `${HEAD}components:\nbackup: {recovery_keys: []}\n` },
  ],
  'places of backups': [
    { name: 'two', yaml: `${HEAD}components:\nbackup: {directory: a, s3: {bucket: abc}}\n` },
    {
      name: 'with half a key',
      yaml: `${HEAD}components:\nbackup:\n  s3: {bucket: abc, access_key_id: '\${secret:ID}'}\n`,
      env: { ID: 'x' },
    },
    {
      name: 'of a component that is not there, or that has an address of its own',
      yaml: `${HEAD}components:\n  prometheus:\nbackup:\n  s3: {bucket: abc, component: promethus, endpoint: 'http://s3.test', region: x}\n`,
    },
    {
      name: 'with a key that encrypts nothing, and a lock in words that S3 does not know',
      yaml: `${HEAD}components:\nbackup:\n  s3: {bucket: abc, kms_key_id: k, object_lock: {mode: legal, days: 0}}\n`,
    },
  ],
  types: [
    { name: 'of switches', yaml: `${HEAD}components:\n  prometheus:\n    agent: yes\n` },
    { name: 'of mappings', yaml: `${HEAD}components: [prometheus]\nbackup: 1\ninbox: true\n` },
    { name: 'of lists', yaml: `${HEAD}components:\nprovision: {sources: go}\n` },
    { name: 'of text', yaml: `${HEAD}components:\n  prometheus:\n    labels: {a: 1, b: true, c: [x]}\n` },
    { name: 'of numbers', yaml: `${HEAD}components:\n  prometheus:\n    shards: '2'\n    port: '9090'\n` },
    { name: 'of nothing', yaml: `${HEAD}components:\n  prometheus:\n    port:\n    memory:\n` },
    { name: 'of the whole file', yaml: `- schema: 1\n` },
    {
      name: 'of secrets',
      yaml: `${HEAD}components:\nreceivers:\n  a:\n    slack:\n      - webhook_url: 12345\n        channel: '#a'\nrouting: {default: a}\n`,
    },
  ],
  values: [
    {
      name: 'durations without a unit, in words, in the wrong order, too small',
      yaml: `${HEAD}components:\n  prometheus:\n    retention: 15\n    scrape_interval: 0s\nrouting:\n  group_wait: 15 minutes\n  group_interval: 30m1h\n  repeat_interval: soon\n`,
    },
    { name: 'sizes', yaml: `${HEAD}components:\n  prometheus:\n    memory: 1G\n` },
    { name: 'sizes without a unit', yaml: `${HEAD}components:\n  prometheus:\n    memory: 512\n` },
    {
      name: 'ports',
      yaml: `${HEAD}components:\n  prometheus:\n    port: 0\n  alertmanager:\n    port: 70000\ninbox: {port: web}\n`,
    },
    { name: 'numbers out of range', yaml: `${HEAD}components:\n  prometheus:\n    shards: 17\n` },
    {
      name: 'words that are not in a list, and empty lists',
      yaml: `${HEAD}components:\nprovision: {sources: [cache, debain]}\nreceivers: {a: {slack: []}}\nrouting: {default: a}\n`,
    },
    {
      name: "a plug-in's own check",
      yaml: `${HEAD}components:\nreceivers:\n  a:\n    slack: [{webhook_url: x, channel: monitoring}]\n    webhook: [{url: nonsense}]\nrouting: {default: a}\n`,
    },
    {
      name: 'paths',
      yaml: `${HEAD}state_dir: ~/state\ncomponents:\nbackup: {directory: ''}\nprovision: {paths: {prometheus: bin/prometheus}}\n`,
    },
  ],
  routing: [
    {
      name: 'with hours that do not exist',
      yaml: `${ROUTED}  severity:\n    warning: {receiver: a, hours: ofice}\n    info: {receiver: a, hours: zzz}\n  hours:\n    office: {weekdays: ['monday:friday']}\n`,
    },
    {
      name: 'with hours, when there are none',
      yaml: `${ROUTED}  severity: {warning: {receiver: a, hours: office}}\n`,
    },
    {
      name: 'with hours that are malformed',
      yaml: `${ROUTED}  hours:\n    office:\n      times: ['8-17', 22:00-06:00]\n      weekdays: [Mon-Fri, friday:monday]\n      days_of_month: [0, 1-7, -1, 15]\n      months: [13, december:january, 6]\n      location: berlin\n`,
    },
    {
      name: 'with hours that never come',
      yaml: `${ROUTED}  hours:\n    leap: {days_of_month: [30], months: [february]}\n    quarter: {days_of_month: [31], months: [march], location: Europe/Berlin}\n    fine: {days_of_month: [31], months: [march]}\n`,
    },
    {
      name: 'that would hold critical alerts back',
      yaml: `${ROUTED}  severity: {critical: {receiver: a, hours: office}}\n  routes:\n    - match: {team: water}\n      severity: {critical: {receiver: a, hours: office}}\n  hours: {office: {times: [08:00-17:00]}}\n`,
    },
    {
      name: 'by no label, by a label twice, to nowhere, by a name that is none',
      yaml: `${ROUTED}  routes:\n    - {match: {}, receiver: a}\n    - {match: {severity: critical}, severity: {warning: a}}\n    - {match: {team: water}}\n    - {match: {workspace-id: x}, receiver: a}\n    - {match: {team: []}, receiver: a}\n    - {match: {team: 12}, receiver: a}\n`,
    },
    {
      name: 'that is never reached',
      yaml: `${ROUTED}  routes:\n    - {match: {team: [water, gas]}, receiver: a}\n    - {match: {team: water, site: north}, receiver: a}\n    - {match: {team: [gas, power]}, receiver: a}\n    - {match: {severity: [critical, warning]}, receiver: a}\n    - {match: {alertname: Watchdog}, receiver: a}\n  severity: {critical: a, info: a}\n  watchdog: {url: https://ping.example.org/x}\n`,
    },
    {
      name: 'without the secret of the watchdog',
      yaml: `${ROUTED}  watchdog: {url: '$\{secret:PING_URL}'}\n`,
    },
    {
      name: 'in an overlay',
      yaml: `${ROUTED}  severity: {warning: {receiver: a, hours: office}}\n  hours: {office: {times: [08:00-17:00]}}\nenvironments:\n  production:\n    routing:\n      severity: {critical: {receiver: a, hours: office}}\n      hours: {office: null}\n`,
    },
  ],
  'ports used twice': [
    {
      name: 'by two components',
      yaml: `${HEAD}components:\n  prometheus:\n    port: 9093\n  alertmanager:\n`,
    },
    { name: 'by a component and the inbox', yaml: `${HEAD}components:\n  prometheus:\n    port: 5001\n` },
    {
      name: 'by two ports of one component',
      yaml: `${HEAD}components:\n  alertmanager: {cluster_port: 9093}\n`,
    },
  ],
  'another version': [
    { name: 'a newer one hides everything else', yaml: `schema: 2\nstack: A B\nfuture: 1\n` },
    { name: 'an older one', yaml: `schema: 0\n` },
    { name: 'none that exists', yaml: `schema: one\nstack: a\ncomponents:\n` },
  ],
  references: [
    {
      name: 'to a variable that is not set',
      yaml: `${HEAD}components:\n  prometheus:\n    port: $\{env:PORT}\n    labels: {a: 'x $\{env:ONE} $\{env:TWO}'}\n`,
    },
    {
      name: 'that are malformed',
      yaml: `${HEAD}components:\n  prometheus:\n    labels:\n      a: $\{HOME}\n      b: $\{foo:BAR}\n      c: $\{env:A B}\n      d: 'x $\{env:A'\n`,
    },
    {
      name: 'that are malformed where a secret belongs',
      yaml: `${HEAD}components:\nreceivers:\n  a:\n    slack: [{webhook_url: 'pa$\{ss}word', channel: '#a'}]\nrouting: {default: a}\n`,
    },
    {
      name: 'to a secret where none is allowed',
      yaml: `${HEAD}components:\n  prometheus:\n    retention: $\{secret:DAYS}\n`,
    },
    { name: 'to a secret in an unknown place', yaml: `${HEAD}components:\nslack_url: $\{secret:URL}\n` },
    {
      name: 'to a secret with text around it',
      yaml: `${HEAD}components:\nreceivers:\n  a:\n    slack: [{webhook_url: 'https://$\{secret:HOST}/', channel: '#a'}]\nrouting: {default: a}\n`,
    },
    {
      name: 'to a secret that does not exist',
      yaml: `${HEAD}components:\nreceivers:\n  a:\n    slack: [{webhook_url: '$\{secret:URL}', channel: '#a'}]\nrouting: {default: a}\n`,
    },
    {
      name: 'with a value of the wrong type',
      yaml: `${HEAD}components:\n  prometheus:\n    port: $\{env:PORT}\n`,
      env: { PORT: 'many' },
    },
    {
      name: 'to an empty secret',
      yaml: `${HEAD}components:\nreceivers:\n  a:\n    slack: [{webhook_url: '$\{secret:URL}', channel: '#a'}]\nrouting: {default: a}\n`,
      env: { URL: 'x' },
      files: { 'secrets/URL': '\n' },
    },
    {
      name: 'through a .env file with mistakes',
      yaml: `${HEAD}components:\n  prometheus:\n    labels: {a: '$\{env:A}'}\n`,
      files: { '.env': "A=1\nA=2\nnonsense\nB='x' y\nC=\"never closed\n" },
    },
  ],
  YAML: [
    { name: 'a tab', yaml: `schema: 1\n	stack: a\n` },
    { name: 'a missing quote', yaml: `schema: 1\nstack: "a\ncomponents:\n` },
    { name: 'a missing bracket', yaml: `${HEAD}components: {prometheus: {}\nbackup:\n` },
    { name: 'a missing colon', yaml: `schema: 1\nstack a\ncomponents:\n` },
    { name: 'a missing comma', yaml: `${HEAD}inbox: {enabled: true port: 1}\n` },
    {
      name: 'an indentation that fits nothing',
      yaml: `${HEAD}components:\n  prometheus:\n    port: 9090\n   retention: 15d\n`,
    },
    {
      name: 'an indentation that is too deep',
      yaml: `${HEAD}components:\n  prometheus:\n    port: 9090\n      retention: 15d\n`,
    },
    { name: 'two keys on a line', yaml: `schema: 1 stack: a\n` },
    { name: 'a character that cannot start text', yaml: `schema: 1\nstack: @a\ncomponents: \`b\`\n` },
    { name: 'an escape that does not exist', yaml: `schema: 1\nstack: "a\\d"\n` },
    { name: 'a reference in a flow mapping', yaml: `${HEAD}inbox: {port: $\{env:PORT}}\n` },
    { name: 'a tag', yaml: `schema: 1\nstack: !name a\n` },
    { name: 'a key that is no text', yaml: `schema: 1\n[a, b]: c\n` },
    { name: 'a second document', yaml: `${HEAD}components:\n---\nschema: 1\n` },
    { name: 'an alias without an anchor', yaml: `schema: 1\nstack: *name\ncomponents:\n` },
    { name: 'an alias to what is around it', yaml: `${HEAD}components: &all\n  prometheus: *all\n` },
    { name: 'several mistakes', yaml: `schema: 1\nstack: @a\n	components:\nbackup: "x\n` },
  ],
};

async function transcript({ name, yaml, env, files = {} }: Case): Promise<string> {
  const others = Object.entries(files).map(([path, content]) => `--- ${path}\n${content}`);
  const input = [`--- leitstand.yaml\n${yaml}`, ...others].join('');
  const variables = Object.entries(env ?? {}).map(([key, value]) => ` ${key}=${value}`);
  return `=== ${name}${variables.join('')}\n${input}--- is answered with${await mistakes(yaml, env, files)}`;
}

describe('what is said about mistakes', () => {
  it.each(Object.entries(GROUPS))('in %s', async (group, cases) => {
    const texts: string[] = [];
    for (const each of cases) texts.push(await transcript(each));
    const file = `../golden/config/${group.toLowerCase().replaceAll(' ', '-')}.txt`;
    await expect(texts.join('\n')).toMatchFileSnapshot(file);
  });
});
