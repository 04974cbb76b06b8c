import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { errorsOf, HEAD, inDirectory, load, loadIn, mistakes, mistakesIn } from './workplace.ts';

describe('keys', () => {
  it('unknown, with the nearest one', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components:
  prometheus:
    port: 9090
    retension: 15d
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-004 unknown key \`retension\` in components.prometheus
        leitstand.yaml:6:5
          6 |     retension: 15d
            |     ^^^^^^^^^
        fix: did you mean \`retention\`?
      "
    `);
  });

  it('unknown, with all there are', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components:
  prometheus:
    zzz: 15d
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-004 unknown key \`zzz\` in components.prometheus
        leitstand.yaml:5:5
          5 |     zzz: ********
            |     ^^^
        fix: keys here are: port, retention, scrape_interval, memory, labels, agent, shards
      "
    `);
  });

  it('unknown at the top level', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
component: {}
components: {}
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-004 unknown key \`component\`
        leitstand.yaml:3:1
          3 | component: {}
            | ^^^^^^^^^
        fix: did you mean \`components\`?
      "
    `);
  });

  it('written in another style', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components:
  prometheus:
    scrapeInterval: 15s
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-004 unknown key \`scrapeInterval\` in components.prometheus
        leitstand.yaml:5:5
          5 |     scrapeInterval: 15s
            |     ^^^^^^^^^^^^^^
        fix: did you mean \`scrape_interval\`?
      "
    `);
  });

  it('written twice', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components:
  prometheus:
    port: 9090
    port: 9191
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-020 the key \`port\` is written twice in components.prometheus
        leitstand.yaml:6:5
          6 |     port: 9191
            |     ^^^^
        fix: delete one of the two lines
      "
    `);
  });

  it('missing at the top level', async () => {
    expect(
      await mistakes(`components: {}
stack: a
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-007 the key \`schema\` is missing
        leitstand.yaml:1:1
          1 | components: {}
            | ^^^^^^^^^^^^^^
        fix: add \`schema: 1\`: version of this file format
      "
    `);
  });

  it('missing in an entry of a list', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components:
receivers:
  a:
    slack:
      - channel: '#a'
      - webhook_url: x
routing: {default: a}
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-007 receivers.a.slack[0] lacks the key \`webhook_url\`
        leitstand.yaml:7:9
          7 |       - channel: '#a'
            |         ^^^^^^^^^^^^^
        fix: add \`webhook_url: \${secret:NAME}\`: the address that Slack gave out

      LS-CONFIG-007 receivers.a.slack[1] lacks the key \`channel\`
        leitstand.yaml:8:9
          8 |       - webhook_url: ********
            |         ^^^^^^^^^^^^^^^^^^^^^
        fix: add \`channel: '#monitoring'\`: channel or person
      "
    `);
  });

  it('that every object inherits', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components:
__proto__: {a: 1}
constructor: 1
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-004 unknown key \`__proto__\`
        leitstand.yaml:4:1
          4 | __proto__: {********: ********}
            | ^^^^^^^^^

      LS-CONFIG-004 unknown key \`constructor\`
        leitstand.yaml:5:1
          5 | constructor: ********
            | ^^^^^^^^^^^
        fix: keys here are: schema, stack, state_dir, components, receivers, routing, inbox, backup, provision
      "
    `);
  });
});

describe('names', () => {
  it('of an unknown component', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components:
  promethues:
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-008 unknown component \`promethues\`
        leitstand.yaml:4:3
          4 |   promethues:
            |   ^^^^^^^^^^
        fix: did you mean \`prometheus\`?
      "
    `);
  });

  it('of an unknown component that is near nothing', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components:
  nginx:
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-008 unknown component \`nginx\`
        leitstand.yaml:4:3
          4 |   nginx:
            |   ^^^^^
        fix: components are: prometheus, alertmanager
      "
    `);
  });

  it('of an unknown integration', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components:
receivers:
  a:
    slak: []
routing: {default: a}
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-009 unknown integration \`slak\` in receivers.a
        leitstand.yaml:6:5
          6 |     slak: []
            |     ^^^^
        fix: did you mean \`slack\`?
      "
    `);
  });

  it('of unknown receivers', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components:
receivers:
  on-call: {}
routing:
  severity: {critical: oncall, warning: nobody}
  default: on-cal
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-010 routing.severity.critical names the receiver \`oncall\`, which does not exist
        leitstand.yaml:7:24
          7 |   severity: {critical: oncall, warning: nobody}
            |                        ^^^^^^
        fix: did you mean \`on-call\`?

      LS-CONFIG-010 routing.severity.warning names the receiver \`nobody\`, which does not exist
        leitstand.yaml:7:41
          7 |   severity: {critical: oncall, warning: nobody}
            |                                         ^^^^^^
        fix: receivers are: on-call

      LS-CONFIG-010 routing.default names the receiver \`on-cal\`, which does not exist
        leitstand.yaml:8:12
          8 |   default: on-cal
            |            ^^^^^^
        fix: did you mean \`on-call\`?
      "
    `);
  });

  it('of receivers, when there are none', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components:
routing: {default: on-call}
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-010 routing.default names the receiver \`on-call\`, which does not exist
        leitstand.yaml:4:20
          4 | routing: {default: on-call}
            |                    ^^^^^^^
        fix: define it below \`receivers:\`
      "
    `);
  });

  it('that are not allowed', async () => {
    expect(
      await mistakes(`schema: 1
stack: Rathaus Süd
components:
receivers:
  On Call: {}
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-006 stack is \`Rathaus Süd\`; a name has 1 to 41 lower-case letters, digits and hyphens, and starts with a letter
        leitstand.yaml:2:8
          2 | stack: Rathaus Süd
            |        ^^^^^^^^^^^
        fix: did you mean rathaus-sued?

      LS-CONFIG-007 routing lacks the key \`default\`
        leitstand.yaml:4:1
        why: alerts of a severity without a route would reach nobody
          4 | receivers:
            | ^^^^^^^^^
        fix: add \`default: On Call\` below \`routing:\`

      LS-CONFIG-006 the name of an entry in receivers is \`On Call\`; a name has 1 to 41 lower-case letters, digits and hyphens, and starts with a letter
        leitstand.yaml:5:3
          5 |   On Call: {}
            |   ^^^^^^^
        fix: did you mean on-call?
      "
    `);
  });

  it('of the default receiver are required', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components:
receivers:
  a: {}
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-007 routing lacks the key \`default\`
        leitstand.yaml:4:1
        why: alerts of a severity without a route would reach nobody
          4 | receivers:
            | ^^^^^^^^^
        fix: add \`default: a\` below \`routing:\`
      "
    `);
  });
});

describe('types', () => {
  it('of switches', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components:
  prometheus:
    agent: yes
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-005 components.prometheus.agent must be true or false, not text
        leitstand.yaml:5:12
          5 |     agent: yes
            |            ^^^
        fix: write true
      "
    `);
  });

  it('of mappings', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components: [prometheus]
backup: 1
inbox: true
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-005 components must be a mapping, not a list
        leitstand.yaml:3:1
          3 | components: [********]
            | ^^^^^^^^^^
        fix: write \`key: value\` lines below it; keys here are: prometheus, alertmanager

      LS-CONFIG-005 backup must be a mapping, not a number
        leitstand.yaml:4:9
          4 | backup: 1
            |         ^
        fix: write \`key: value\` lines below it; keys here are: directory

      LS-CONFIG-005 inbox must be a mapping, not true or false
        leitstand.yaml:5:8
          5 | inbox: true
            |        ^^^^
        fix: write \`key: value\` lines below it; keys here are: enabled, port
      "
    `);
  });

  it('of lists', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components:
provision: {sources: go}
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-005 provision.sources must be a list, not text
        leitstand.yaml:4:22
          4 | provision: {sources: go}
            |                      ^^
        fix: start each entry on its own line with \`- \`
      "
    `);
  });

  it('of text', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components:
  prometheus:
    labels: {a: 1, b: true, c: [x]}
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-005 components.prometheus.labels.a must be text, not a number
        leitstand.yaml:5:17
          5 |     labels: {a: 1, b: true, c: [********]}
            |                 ^
        fix: write '1' with quotes

      LS-CONFIG-005 components.prometheus.labels.b must be text, not true or false
        leitstand.yaml:5:23
          5 |     labels: {a: 1, b: true, c: [********]}
            |                       ^^^^
        fix: write 'true' with quotes

      LS-CONFIG-005 components.prometheus.labels.c must be text, not a list
        leitstand.yaml:5:29
          5 |     labels: {a: 1, b: true, c: [********]}
            |                             ^
      "
    `);
  });

  it('of numbers', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components:
  prometheus:
    shards: '2'
    port: '9090'
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-005 components.prometheus.shards must be a number, not text
        leitstand.yaml:5:13
          5 |     shards: '2'
            |             ^^^
        fix: write 2 without quotes

      LS-CONFIG-006 components.prometheus.port is text; a port is a number
        leitstand.yaml:6:11
          6 |     port: '9090'
            |           ^^^^^^
        fix: write 9090 without quotes
      "
    `);
  });

  it('of nothing', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components:
  prometheus:
    port:
    memory:
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-005 components.prometheus.port has no value
        leitstand.yaml:5:5
          5 |     port:
            |     ^^^^
        fix: write a value behind the colon, or delete the line; without the line it is 9090

      LS-CONFIG-005 components.prometheus.memory has no value
        leitstand.yaml:6:5
          6 |     memory:
            |     ^^^^^^
        fix: write a value behind the colon, or delete the line
      "
    `);
  });

  it('of the whole file', async () => {
    expect(
      await mistakes(`- schema: 1
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-005 the file must be a mapping, not a list
        leitstand.yaml:1:1
          1 | - ********: ********
            | ^^^^^^^^^^^^^^^^^^^^
        fix: write \`key: value\` lines below it; keys here are: schema, stack, state_dir, components, receivers, routing, inbox, backup, provision
      "
    `);
  });

  it('of secrets', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components:
receivers:
  a:
    slack:
      - webhook_url: 12345
        channel: '#a'
routing: {default: a}
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-005 receivers.a.slack[0].webhook_url must be text or a reference to a secret, not a number
        leitstand.yaml:7:22
          7 |       - webhook_url: ********
            |                      ^^^^^^^^
        fix: write \${secret:NAME} and put the value into the file secrets/NAME
      "
    `);
  });
});

describe('values', () => {
  it('durations without a unit, in words, in the wrong order, too small', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components:
  prometheus:
    retention: 15
    scrape_interval: 0s
routing:
  group_wait: 15 minutes
  group_interval: 30m1h
  repeat_interval: soon
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-006 components.prometheus.retention is 15; a duration needs a unit, e.g. 15s
        leitstand.yaml:5:16
          5 |     retention: 15
            |                ^^
        fix: write 15s, 15m, 15h or 15d

      LS-CONFIG-006 components.prometheus.scrape_interval is 0s; the least is 1s
        leitstand.yaml:6:22
          6 |     scrape_interval: 0s
            |                      ^^

      LS-CONFIG-006 routing.group_wait is no duration: \`15 minutes\`
        leitstand.yaml:8:15
          8 |   group_wait: 15 minutes
            |               ^^^^^^^^^^
        fix: did you mean 15m?

      LS-CONFIG-006 routing.group_interval is no duration: \`30m1h\`
        leitstand.yaml:9:19
          9 |   group_interval: 30m1h
            |                   ^^^^^
        fix: did you mean 1h30m?

      LS-CONFIG-006 routing.repeat_interval is no duration: \`soon\`
        leitstand.yaml:10:20
         10 |   repeat_interval: soon
            |                    ^^^^
        fix: units are y, w, d, h, m, s and ms, e.g. 15s or 1d12h
      "
    `);
  });

  it('sizes', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components:
  prometheus:
    memory: 1G
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-006 components.prometheus.memory is no size: \`1G\`
        leitstand.yaml:5:13
          5 |     memory: 1G
            |             ^^
        fix: did you mean 1GB or 1GiB?
      "
    `);
  });

  it('sizes without a unit', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components:
  prometheus:
    memory: 512
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-006 components.prometheus.memory is 512; a size needs a unit, e.g. 512MiB
        leitstand.yaml:5:13
          5 |     memory: 512
            |             ^^^
        fix: write 512MiB or 512GiB
      "
    `);
  });

  it('ports', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components:
  prometheus:
    port: 0
  alertmanager:
    port: 70000
inbox: {port: web}
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-006 components.prometheus.port is 0; a port is a whole number from 1 to 65535
        leitstand.yaml:5:11
          5 |     port: 0
            |           ^

      LS-CONFIG-006 components.alertmanager.port is 70000; a port is a whole number from 1 to 65535
        leitstand.yaml:7:11
          7 |     port: 70000
            |           ^^^^^

      LS-CONFIG-005 inbox.port must be a port number, not text
        leitstand.yaml:8:15
          8 | inbox: {port: web}
            |               ^^^
      "
    `);
  });

  it('numbers out of range', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components:
  prometheus:
    shards: 17
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-006 components.prometheus.shards must be at most 16
        leitstand.yaml:5:13
          5 |     shards: 17
            |             ^^
      "
    `);
  });

  it('words that are not in a list, and empty lists', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components:
provision: {sources: [cache, debain]}
receivers: {a: {slack: []}}
routing: {default: a}
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-006 provision.sources[1] is \`debain\`, which is not one of: cache, debian, go
        leitstand.yaml:4:30
          4 | provision: {sources: [cache, debain]}
            |                              ^^^^^^
        fix: did you mean \`debian\`?

      LS-CONFIG-006 receivers.a.slack is an empty list; it needs an entry
        leitstand.yaml:5:17
          5 | receivers: {a: {slack: []}}
            |                 ^^^^^
      "
    `);
  });

  it("a plug-in's own check", async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components:
receivers:
  a:
    slack: [{webhook_url: x, channel: monitoring}]
    webhook: [{url: nonsense}]
routing: {default: a}
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-006 receivers.a.slack[0].channel must start with # or @
        leitstand.yaml:6:39
          6 |     slack: [{webhook_url: ********, channel: monitoring}]
            |                                              ^^^^^^^^^^

      LS-CONFIG-006 receivers.a.webhook[0].url is no valid url
        leitstand.yaml:7:21
          7 |     webhook: [{url: nonsense}]
            |                     ^^^^^^^^
      "
    `);
  });

  it('paths', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
state_dir: ~/state
components:
backup: {directory: ''}
provision: {paths: {prometheus: bin/prometheus}}
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-006 state_dir is \`~/state\`; nothing expands the ~ here
        leitstand.yaml:3:12
          3 | state_dir: ~/state
            |            ^^^^^^^
        fix: write \${env:HOME}/state

      LS-CONFIG-006 backup.directory is empty; a path is needed
        leitstand.yaml:5:21
          5 | backup: {directory: ''}
            |                     ^^

      LS-CONFIG-006 provision.paths.prometheus is \`bin/prometheus\`; the full path is needed, starting with /
        leitstand.yaml:6:33
          6 | provision: {paths: {prometheus: bin/prometheus}}
            |                                 ^^^^^^^^^^^^^^
      "
    `);
  });
});

describe('ports used twice', () => {
  it('by two components', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components:
  prometheus:
    port: 9093
  alertmanager:
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-011 port 9093 is used twice: by components.prometheus.port and by components.alertmanager.port (its default)
        leitstand.yaml:5:11
          5 |     port: 9093
            |           ^^^^
        fix: give one of them another port, e.g. \`port: 9094\`
      "
    `);
  });

  it('by a component and the inbox', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components:
  prometheus:
    port: 5001
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-011 port 5001 is used twice: by components.prometheus.port and by inbox.port (its default)
        leitstand.yaml:5:11
          5 |     port: 5001
            |           ^^^^
        fix: give one of them another port, e.g. \`port: 5002\`
      "
    `);
  });

  it('by two ports of one component', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components:
  alertmanager: {cluster_port: 9093}
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-011 port 9093 is used twice: by components.alertmanager.port (its default) and by components.alertmanager.cluster_port
        leitstand.yaml:4:32
          4 |   alertmanager: {cluster_port: 9093}
            |                                ^^^^
        fix: give one of them another port, e.g. \`cluster_port: 9094\`
      "
    `);
  });
});

describe('another version', () => {
  it('a newer one hides everything else', async () => {
    expect(
      await mistakes(`schema: 2
stack: A B
future: 1
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-016 this is a configuration of schema version 2; this Leitstand reads version 1
        leitstand.yaml:1:9
          1 | schema: 2
            |         ^
        fix: use a newer Leitstand
      "
    `);
  });

  it('an older one', async () => {
    expect(
      await mistakes(`schema: 0
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-016 this is a configuration of schema version 0; this Leitstand reads version 1
        leitstand.yaml:1:9
          1 | schema: 0
            |         ^
        fix: write \`schema: 1\`; what else has to change is reported then
      "
    `);
  });

  it('none that exists', async () => {
    expect(
      await mistakes(`schema: one
stack: a
components:
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-005 schema must be 1, not text
        leitstand.yaml:1:9
          1 | schema: one
            |         ^^^
      "
    `);
  });
});

describe('references', () => {
  it('to a variable that is not set', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components:
  prometheus:
    port: $\{env:PORT}
    labels: {a: 'x $\{env:ONE} $\{env:TWO}'}
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-012 components.prometheus.port needs the environment variable PORT, which is not set
        leitstand.yaml:5:11
          5 |     port: \${env:PORT}
            |           ^^^^^^^^^^^
        fix: set PORT in the environment or in .env beside the file, or give a default: \${env:PORT:-value}

      LS-CONFIG-012 components.prometheus.labels.a needs the environment variable ONE, which is not set
        leitstand.yaml:6:20
          6 |     labels: {a: 'x \${env:ONE} \${env:TWO}'}
            |                    ^^^^^^^^^^
        fix: set ONE in the environment or in .env beside the file, or give a default: \${env:ONE:-value}

      LS-CONFIG-012 components.prometheus.labels.a needs the environment variable TWO, which is not set
        leitstand.yaml:6:31
          6 |     labels: {a: 'x \${env:ONE} \${env:TWO}'}
            |                               ^^^^^^^^^^
        fix: set TWO in the environment or in .env beside the file, or give a default: \${env:TWO:-value}
      "
    `);
  });

  it('that are malformed', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components:
  prometheus:
    labels:
      a: $\{HOME}
      b: $\{foo:BAR}
      c: $\{env:A B}
      d: 'x $\{env:A'
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-015 components.prometheus.labels.a has a reference that cannot be understood: \`\${HOME}\`
        leitstand.yaml:6:10
          6 |       a: \${HOME}
            |          ^^^^^^^
        fix: did you mean \${env:HOME}? For the characters \${ themselves write $\${

      LS-CONFIG-015 components.prometheus.labels.b has a reference that cannot be understood: \`\${foo:BAR}\`
        leitstand.yaml:7:10
          7 |       b: \${foo:BAR}
            |          ^^^^^^^^^^
        fix: write \${env:NAME} or \${secret:NAME}; for the characters \${ themselves write $\${

      LS-CONFIG-015 components.prometheus.labels.c has a reference that cannot be understood: \`\${env:A B}\`
        leitstand.yaml:8:10
          8 |       c: \${env:A B}
            |          ^^^^^^^^^^
        fix: write \${env:NAME} or \${secret:NAME}; for the characters \${ themselves write $\${

      LS-CONFIG-015 components.prometheus.labels.d has a reference that cannot be understood: \`\${env:A\`
        leitstand.yaml:9:13
          9 |       d: 'x \${env:A'
            |             ^^^^^^^
        fix: write \${env:NAME} or \${secret:NAME}; for the characters \${ themselves write $\${
      "
    `);
  });

  it('that are malformed where a secret belongs', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components:
receivers:
  a:
    slack: [{webhook_url: 'pa$\{ss}word', channel: '#a'}]
routing: {default: a}
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-015 receivers.a.slack[0].webhook_url has a reference that cannot be understood
        leitstand.yaml:6:30
          6 |     slack: [{webhook_url: ********, channel: '#a'}]
            |                           ^^^^^^^^
        fix: write \${env:NAME} or \${secret:NAME}; for the characters \${ themselves write $\${
      "
    `);
  });

  it('to a secret where none is allowed', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components:
  prometheus:
    retention: $\{secret:DAYS}
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-014 components.prometheus.retention takes no secret
        leitstand.yaml:5:16
        why: its value appears in rendered files or messages
          5 |     retention: \${secret:DAYS}
            |                ^^^^^^^^^^^^^^
        fix: write the value itself, or \${env:DAYS}
      "
    `);
  });

  it('to a secret with text around it', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components:
receivers:
  a:
    slack: [{webhook_url: 'https://$\{secret:HOST}/', channel: '#a'}]
routing: {default: a}
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-014 receivers.a.slack[0].webhook_url mixes a secret with other text
        leitstand.yaml:6:36
          6 |     slack: [{webhook_url: ********, channel: '#a'}]
            |                           ^^^^^^^^
        fix: put the whole text into the secret and write only \${secret:HOST}
      "
    `);
  });

  it('to a secret that does not exist', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components:
receivers:
  a:
    slack: [{webhook_url: '$\{secret:URL}', channel: '#a'}]
routing: {default: a}
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-013 the secret URL is nowhere to be found
        leitstand.yaml:6:27
          6 |     slack: [{webhook_url: '\${secret:URL}', channel: '#a'}]
            |                           ^^^^^^^^^^^^^^^
        fix: write it to secrets/URL (mode 0600), or set the environment variable URL
      "
    `);
  });

  it('with a value of the wrong type', async () => {
    expect(
      await mistakes(
        `schema: 1
stack: a
components:
  prometheus:
    port: $\{env:PORT}
`,
        { PORT: 'many' },
      ),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-005 components.prometheus.port must be a port number, not text
        leitstand.yaml:5:11
          5 |     port: \${env:PORT}
            |           ^^^^^^^^^^^
      "
    `);
  });

  it('to an empty secret', async () => {
    expect(
      await mistakes(
        `schema: 1
stack: a
components:
receivers:
  a:
    slack: [{webhook_url: '$\{secret:URL}', channel: '#a'}]
routing: {default: a}
`,
        { URL: 'x' },
        { 'secrets/URL': '\n' },
      ),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-013 the secret URL is empty
        leitstand.yaml:6:27
          6 |     slack: [{webhook_url: '\${secret:URL}', channel: '#a'}]
            |                           ^^^^^^^^^^^^^^^
        fix: write its value to secrets/URL
      "
    `);
  });

  it('through a .env file with mistakes', async () => {
    expect(
      await mistakes(
        `schema: 1
stack: a
components:
  prometheus:
    labels: {a: '$\{env:A}'}
`,
        {},
        { '.env': "A=1\nA=2\nnonsense\nB='x' y\nC=\"never closed\n" },
      ),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-019 A is written twice
        .env:2
        fix: delete one of the two lines

      LS-CONFIG-019 this line is no KEY=value
        .env:3
        fix: write KEY=value, or # before a comment

      LS-CONFIG-019 B has text behind its closing quote
        .env:4
        fix: close the quote at the end of the value; a quote in it goes into the other kind of quotes

      LS-CONFIG-019 C has no closing quote
        .env:5
        fix: close the quote at the end of the value; a quote in it goes into the other kind of quotes
      "
    `);
  });
});

describe('YAML', () => {
  it('a tab', async () => {
    expect(
      await mistakes(`schema: 1
	stack: a
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-003 a tab indents this line; YAML takes only spaces
        leitstand.yaml:2:1
          2 | →stack: a
            | ^
        fix: replace the tab by spaces
      "
    `);
  });

  it('a missing quote', async () => {
    expect(
      await mistakes(`schema: 1
stack: "a
components:
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-003 the text that starts here has no closing "
        leitstand.yaml:2:8
          2 | stack: ********
            |        ^^^^^^^^
        fix: add the " at its end
      "
    `);
  });

  it('a missing bracket', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components: {prometheus: {}
backup:
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-003 a closing bracket is missing, or stands too far left
        leitstand.yaml:3:13
          3 | components: {prometheus: {}
            |             ^
        fix: close what { or [ opened, indented more than its key
      "
    `);
  });

  it('a missing colon', async () => {
    expect(
      await mistakes(`schema: 1
stack a
components:
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-003 this line is no \`key: value\`
        leitstand.yaml:2:1
          2 | ********
            | ^^^^^^^^
        fix: add the colon and the space after it, or indent the line if it belongs to the value above
      "
    `);
  });

  it('a missing comma', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
inbox: {enabled: true port: 1}
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-003 a comma is missing, or an indented block stands inside of { } or [ ]
        leitstand.yaml:3:18
          3 | inbox: {enabled: ********: ********}
            |                  ^^^^^^^^^^^^^^^^^^
        fix: separate entries by commas, or write the outer mapping or list without brackets, over several lines
      "
    `);
  });

  it('an indentation that fits nothing', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components:
  prometheus:
    port: 9090
   retention: 15d
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-003 the indentation of this line fits nothing above it
        leitstand.yaml:6:1
          6 |    ********: ********
            | ^
        fix: let the keys of one mapping, and the hyphens of one list, start in the same column
      "
    `);
  });

  it('an indentation that is too deep', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components:
  prometheus:
    port: 9090
      retention: 15d
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-003 the line below is indented further than this \`key: value\`
        leitstand.yaml:5:11
          5 |     port: ********
            |           ^^^^^^^^
        fix: let the keys of one mapping start in the same column
      "
    `);
  });

  it('two keys on a line', async () => {
    expect(
      await mistakes(`schema: 1 stack: a
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-003 a second \`key: value\` on the same line
        leitstand.yaml:1:9
          1 | schema: ********: ********
            |         ^^^^^^^^
        fix: put it on its own line, or the value into quotes if the colon belongs to it
      "
    `);
  });

  it('a character that cannot start text', async () => {
    expect(
      await mistakes(`schema: 1
stack: @a
components: \`b\`
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-003 text cannot start with this character
        leitstand.yaml:2:8
          2 | stack: @a
            |        ^
        fix: put the text into quotes

      LS-CONFIG-003 text cannot start with this character
        leitstand.yaml:3:13
          3 | components: \`b\`
            |             ^
        fix: put the text into quotes
      "
    `);
  });

  it('an escape that does not exist', async () => {
    expect(
      await mistakes(`schema: 1
stack: "a\\d"
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-003 an escape with \\ that double quotes do not know
        leitstand.yaml:2:10
          2 | stack: "a\\d"
            |          ^
        fix: use single quotes, or \\\\ for a backslash
      "
    `);
  });

  it('a reference in a flow mapping', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
inbox: {port: $\{env:PORT}}
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-003 a reference needs quotes inside of { } or [ ]
        leitstand.yaml:3:15
          3 | inbox: {port: \${********:********}}
            |               ^^
        fix: write '\${env:NAME}' with the quotes
      "
    `);
  });

  it('a tag', async () => {
    expect(
      await mistakes(`schema: 1
stack: !name a
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-003 a YAML tag (!) that is not used here
        leitstand.yaml:2:8
          2 | stack: ******** a
            |        ^^^^^^^^
        fix: delete the tag, or put the text into quotes if it starts with !
      "
    `);
  });

  it('a key that is no text', async () => {
    expect(
      await mistakes(`schema: 1
[a, b]: c
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-003 a key must be plain text
        leitstand.yaml:2:1
          2 | ********: ********
            | ^^^^^^^^
        fix: write it as \`key: value\`
      "
    `);
  });

  it('a second document', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components:
---
schema: 1
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-003 a second YAML document starts here; the file must hold one
        leitstand.yaml:4:1
          4 | ---
            | ^
        fix: delete the line --- (or ...) and put everything under the same keys
      "
    `);
  });

  it('an alias without an anchor', async () => {
    expect(
      await mistakes(`schema: 1
stack: *name
components:
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-003 the alias has no anchor above it
        leitstand.yaml:2:8
          2 | stack: *name
            |        ^^^^^
        fix: put an anchor before the value that is meant, or write the value again
      "
    `);
  });

  it('an alias to what is around it', async () => {
    expect(
      await mistakes(`schema: 1
stack: a
components: &all
  prometheus: *all
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-003 the alias stands inside of what it stands for
        leitstand.yaml:4:15
          4 |   prometheus: *all
            |               ^^^^
      "
    `);
  });

  it('several mistakes', async () => {
    expect(
      await mistakes(`schema: 1
stack: @a
	components:
backup: "x
`),
    ).toMatchInlineSnapshot(`
      "
      LS-CONFIG-003 text cannot start with this character
        leitstand.yaml:2:8
          2 | stack: @a
            |        ^
        fix: put the text into quotes

      LS-CONFIG-003 a tab indents this line; YAML takes only spaces
        leitstand.yaml:3:1
          3 | →components:
            | ^
        fix: replace the tab by spaces

      LS-CONFIG-003 the text that starts here has no closing "
        leitstand.yaml:4:9
          4 | backup: ********
            |         ^^^^^^^^
        fix: add the " at its end
      "
    `);
  });
});

describe('files', () => {
  it('that do not exist', async () => {
    expect(await inDirectory({}, (directory) => mistakesIn(directory))).toMatchInlineSnapshot(`
      "
      LS-CONFIG-001 the configuration file does not exist
        leitstand.yaml
        fix: name the right one with \`--file PATH\`; \`leitstand demo\` writes one to learn from
      "
    `);
  });

  it('that are a directory', async () => {
    const text = await inDirectory({}, async (directory) => {
      await mkdir(join(directory, 'leitstand.yaml'));
      return mistakesIn(directory);
    });
    expect(text).toMatchInlineSnapshot(`
      "
      LS-CONFIG-002 a file is needed here, and this is a directory
        leitstand.yaml
      "
    `);
  });

  it('that are empty', async () => {
    expect(await mistakes('# nothing yet\n')).toMatchInlineSnapshot(`
      "
      LS-CONFIG-017 the configuration file is empty
        leitstand.yaml
        fix: start with
             schema: 1
             stack: my-stack
             components:
               prometheus:
      "
    `);
    for (const text of ['', '---\n', '~\n', '\n\n'])
      expect(await errorsOf(load(text))).toMatchObject({ errors: [{ code: 'LS-CONFIG-017', exit: 2 }] });
  });

  it('that are no UTF-8', async () => {
    const text = await inDirectory({}, async (directory) => {
      await writeFile(join(directory, 'leitstand.yaml'), Buffer.from('\uFEFFschema: 1\n', 'utf16le'));
      return mistakesIn(directory);
    });
    expect(text).toMatchInlineSnapshot(`
      "
      LS-CONFIG-002 the file is not UTF-8 text
        leitstand.yaml
        fix: save it as UTF-8
      "
    `);
  });

  it('of secrets that others can read', async () => {
    const yaml = `${HEAD}components:\nreceivers:\n  a:\n    slack: [{webhook_url: '$\{secret:URL}', channel: '#a'}]\nrouting: {default: a}\n`;
    const text = await inDirectory({ 'leitstand.yaml': yaml, 'secrets/URL': 'x' }, async (directory) => {
      await chmod(join(directory, 'secrets/URL'), 0o640);
      return mistakesIn(directory);
    });
    expect(text).toMatchInlineSnapshot(`
      "
      LS-CONFIG-018 the file of the secret URL can be read by others
        leitstand.yaml:6:27
          6 |     slack: [{webhook_url: '\${secret:URL}', channel: '#a'}]
            |                           ^^^^^^^^^^^^^^^
        fix: chmod 600 secrets/URL
      "
    `);
  });

  it('.env, when a secret is taken from it and others can read it', async () => {
    const yaml = `${HEAD}components:\nreceivers:\n  a:\n    slack: [{webhook_url: '$\{secret:URL}', channel: '#a'}]\nrouting: {default: a}\n`;
    const text = await inDirectory({ 'leitstand.yaml': yaml, '.env': 'URL=x' }, async (directory) => {
      await chmod(join(directory, '.env'), 0o644);
      await expect(loadIn(directory, { URL: 'y' })).resolves.toBeDefined();
      return mistakesIn(directory);
    });
    expect(text).toMatchInlineSnapshot(`
      "
      LS-CONFIG-018 the secret URL comes from a file that others can read
        leitstand.yaml:6:27
          6 |     slack: [{webhook_url: '\${secret:URL}', channel: '#a'}]
            |                           ^^^^^^^^^^^^^^^
        fix: chmod 600 .env
      "
    `);
  });
});

describe('many at once', () => {
  it('are all reported, in the order of the file', async () => {
    const text = await mistakes(MANY);
    const found = [...text.matchAll(/^LS-CONFIG-(\d+) .*\n {2}leitstand\.yaml:(\d+)/gm)];
    expect(found.map(([, code, line]) => `${line}: ${code}`)).toMatchInlineSnapshot(`
      [
        "1: 007",
        "2: 005",
        "5: 011",
        "6: 004",
        "7: 006",
        "9: 008",
        "13: 007",
        "13: 007",
        "13: 004",
        "14: 009",
        "15: 007",
        "16: 010",
        "17: 012",
        "17: 005",
      ]
    `);
    expect(text.match(/^LS-/gm)).toHaveLength(found.length);
  });

  it('are few when aliases multiply', async () => {
    const levels = Array.from({ length: 30 }, (_, i) => `  l${i + 1}: &l${i + 1} [*l${i}, *l${i}, *l${i}]`);
    const bomb = `${HEAD}components:\n  l0: &l0 [x]\n${levels.join('\n')}\n`;
    const { errors } = await errorsOf(load(bomb));
    expect(errors.some(({ details }) => details.what === 'aliases stand for more than 10000 values')).toBe(
      true,
    );
    expect(errors.length).toBeLessThan(100);
  });

  it('are one when the nesting has no end', async () => {
    for (const text of [
      `${HEAD}components: ${'['.repeat(50)}${']'.repeat(50)}`,
      '['.repeat(20_000),
      '- '.repeat(20_000),
    ])
      expect((await errorsOf(load(text))).errors.length).toBeGreaterThan(0);
  });
});

const MANY = `stack: a
state_dir: ~
components:
  prometheus:
    port: 9093
    retension: 15d
    memory: 1G
  alertmanager:
  nginx:
receivers:
  on-call:
    slack:
      - chanel: '#a'
    mail: []
routing:
  severity: {critical: oncall}
inbox: {port: "$\{env:PORT}", enabled: on}
`;
