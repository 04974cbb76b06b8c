import { describe, expect, it } from 'vitest';
import { loadConfig } from '../../../src/config/load.ts';
import { shownValues } from '../../../src/config/show.ts';
import { configJsonSchema } from '../../../src/config/json-schema.ts';
import { configSchema } from '../../../src/config/schema.ts';
import { mayBeSecret } from '../../../src/config/secret-keys.ts';
import { linesWithSecrets } from '../../../src/config/written-secrets.ts';
import { LeitstandErrors } from '../../../src/platform/errors.ts';
import { renderError } from '../../../src/platform/error-text.ts';
import { alertmanager } from '../../../src/receivers/alertmanager/index.ts';
import {
  FOREIGN_INTEGRATIONS,
  FOREIGN_TYPES,
  keysOf,
} from '../../../src/receivers/alertmanager/integrations.ts';
import { Secret, SecretReference } from '../../../src/stack/secret.ts';
import { parseVersion } from '../../../src/stack/version.ts';
import { inDirectory } from '../../config/workplace.ts';
import { makeIntegration } from '../../fixtures/alerting.ts';
import { describeReceiver, NO_URLS } from '../conformance.ts';
import { SAMPLES } from './samples.ts';

const schemas = { components: {}, receivers: { alertmanager: alertmanager.schema } };
const secretPath = (name: string) => `/run/secrets/${name}`;

function version(text: string) {
  const parsed = parseVersion(text);
  if (!parsed) throw new Error(text);
  return parsed;
}

function integrate(
  type: string,
  settings: Readonly<Record<string, unknown>>,
  secrets: Readonly<Record<string, string>> = {},
) {
  return alertmanager.integration(alertmanager.schema.parse({ type, settings }), {
    receiver: 'on-call',
    index: 0,
    language: 'en',
    inbox: { hostPort: '127.0.0.1:5001', caFile: '/ca.pem' },
    resolve: (input) =>
      typeof input === 'string'
        ? new Secret(input, 'secret written in the configuration')
        : new Secret(secrets[input.name] ?? '', `secret ${input.name}`),
  });
}

describeReceiver({
  plugin: alertmanager,
  config: (webhook_url, ca_file) => ({
    type: 'discord',
    settings: { webhook_url, ...(ca_file ? { http_config: { tls_config: { ca_file } } } : {}) },
  }),
  goodSecret: 'https://discord.com/api/webhooks/1/7f3a',
  destination: 'https://discord.com/api/webhooks/1/7f3a',
  fileSince: '0.27.0',
  badSecrets: NO_URLS,
});

const yaml = (entry: string) =>
  `schema: 1\nstack: rathaus-nord\nreceivers:\n  on-call:\n    alertmanager:\n${entry}routing: {default: on-call}\n`;

/** What is said of the file, with the file's excerpt. */
function load(entry: string, env = '') {
  return inDirectory({ 'leitstand.yaml': yaml(entry), '.env': env }, async (directory) => {
    try {
      return {
        config: await loadConfig({ file: `${directory}/leitstand.yaml`, schemas, env: {} }),
        said: '',
      };
    } catch (error) {
      if (!(error instanceof LeitstandErrors)) throw error;
      const said = error.errors.map((one) => renderError(one, { colour: false })).join('\n');
      return { config: undefined, said: said.replaceAll(`${directory}/`, '') };
    }
  });
}

describe('the data about the integrations', () => {
  it('has a sample for each', () => expect(Object.keys(SAMPLES)).toEqual(FOREIGN_TYPES));

  it.each(FOREIGN_TYPES)('%s names only keys that it has', (type) => {
    const one = FOREIGN_INTEGRATIONS[type];
    if (!one) throw new Error(type);
    const keys = keysOf(one);
    for (const key of [...(one.place ?? []), ...(one.address ? [one.address] : [])])
      expect(keys.get(key)).toBeDefined();
    // What Alertmanager reads from a file is a secret to it: it is shown nowhere here, and in no file that others can read.
    for (const key of [...keys.keys()].filter((name) => keys.has(`${name}_file`)))
      expect([key, mayBeSecret([key], 'x') || ['url', 'chat_id'].includes(key)]).toEqual([key, true]);
    for (const since of [one.since, ...keys.values()]) expect(since).toMatch(/^0\.(2[5-9]|3[0-4])$/);
    expect(Object.keys(one.keys)[0]).toBe(one.since);
  });
});

describe.each(FOREIGN_TYPES)('%s', (type) => {
  const sample = SAMPLES[type] ?? {};
  const integration = integrate(type, sample);

  it('is rendered under its own key, with its secrets out of sight', () => {
    const { key, config, secrets, inlineSecrets } = integration.render({
      alertmanager: version('0.34.0'),
      secretPath,
    });
    expect(key).toBe(`${type}_configs`);
    expect(config['send_resolved']).toBe(
      sample['send_resolved'] ?? FOREIGN_INTEGRATIONS[type]?.sendsResolved,
    );
    expect(integration.sendsResolved).toBe(config['send_resolved']);
    const text = JSON.stringify(config);
    for (const { name, value } of secrets) {
      expect(name).toMatch(/^on-call-[a-z0-9]+-0-[a-z0-9-]+$/);
      expect(text).toContain(`_file":"/run/secrets/${name}"`);
      expect(value.reveal()).toContain('7f3a');
    }
    // What no file can hold is owned up to, so that the file is private.
    const inline = inlineSecrets.map((secret) => secret.reveal());
    expect(text.split('7f3a').length - 1).toBe(inline.length);
    expect(inline.length === 0 || ['sns', 'msteamsv2'].includes(type)).toBe(true);
  });

  it('says of itself what a test needs, and shows no secret', () => {
    expect(integration).toMatchObject({ receiver: 'on-call', type, index: 0 });
    expect(alertmanager.typeOf?.({ type, settings: {} })).toBe(type);
    expect(integration.secrets().length).toBeGreaterThan(0);
    for (const secret of integration.secrets()) expect(secret.reveal()).toContain('7f3a');
    expect(JSON.stringify(integration)).not.toContain('7f3a');
    expect(`${integration.place}`).not.toContain('7f3a');
    const address = sample[FOREIGN_INTEGRATIONS[type]?.address ?? ''];
    expect(integration.destination()?.href).toBe(
      typeof address === 'string' ? new URL(address).href : undefined,
    );
    expect(integration.identity()).not.toEqual(integrate(type, { ...sample, send_resolved: 'x' }).identity());
    expect(integration).not.toHaveProperty('readBack');
    expect(integration).not.toHaveProperty('recipient');
  });

  it('needs the Alertmanager that has it', () => {
    const since = FOREIGN_INTEGRATIONS[type]?.since ?? '';
    const render = (text: string) => integrate(type, {}).render({ alertmanager: version(text), secretPath });
    expect(render(`${since}.0`).key).toBe(`${type}_configs`);
    if (since === '0.25') return;
    expect(() => render('0.25.0')).toThrow(expect.objectContaining({ code: 'LS-RECEIVER-003', exit: 2 }));
  });
});

describe('secrets', () => {
  const TOKEN = new SecretReference('TELEGRAM_BOT_TOKEN');
  const CHAT = new SecretReference('CHAT');
  const values = { TELEGRAM_BOT_TOKEN: '1:7f3a', CHAT: '-100' };
  const render = (text: string) =>
    integrate('telegram', { bot_token: TOKEN, chat_id: CHAT }, values).render({
      alertmanager: version(text),
      secretPath,
    });

  it('go into a file where this version has one', () => {
    expect(render('0.31.0')).toMatchObject({
      config: {
        bot_token_file: '/run/secrets/on-call-telegram-0-bot-token',
        chat_id_file: '/run/secrets/on-call-telegram-0-chat-id',
        send_resolved: true,
      },
      inlineSecrets: [],
    });
    const { config, inlineSecrets, secrets } = render('0.25.0');
    expect(config).toEqual({ bot_token: '1:7f3a', chat_id: -100, send_resolved: true });
    expect(inlineSecrets.map((one) => one.reveal())).toEqual(['1:7f3a', '-100']);
    expect(secrets).toEqual([]);
  });

  it('may stand anywhere, in lists and in what belongs to HTTP', () => {
    const settings = {
      room_id: 'a',
      message: TOKEN,
      http_config: {
        authorization: { credentials: TOKEN },
        http_headers: { 'X-Key': { values: ['7f3a-literal', TOKEN] } },
        oauth2: { client_secret: TOKEN, scopes: [TOKEN] },
        tls_config: { ca: TOKEN },
      },
    };
    const { config, secrets, inlineSecrets } = integrate('webex', settings, values).render({
      alertmanager: version('0.34.0'),
      secretPath,
    });
    const file = (name: string) => `/run/secrets/on-call-webex-0-http-config-${name}`;
    expect(config).toEqual({
      room_id: 'a',
      message: '1:7f3a',
      send_resolved: true,
      http_config: {
        authorization: { credentials_file: file('authorization-credentials') },
        http_headers: { 'X-Key': { values: ['7f3a-literal', '1:7f3a'] } },
        oauth2: { client_secret_file: file('oauth2-client-secret'), scopes: ['1:7f3a'] },
        tls_config: { ca_file: file('tls-config-ca') },
      },
    });
    expect(secrets).toHaveLength(3);
    expect(inlineSecrets.map((one) => one.reveal())).toEqual(['1:7f3a', '7f3a-literal', '1:7f3a', '1:7f3a']);
  });

  it('that are written out are the same ones that `config show` hides, wherever HTTP may have them', () => {
    const settings = {
      room_id: 'a',
      http_config: {
        proxy_connect_header: { 'Proxy-Authorization': ['7f3a-proxy'] },
        http_headers: { 'X-Key': { values: ['7f3a-header'], files: ['/etc/header'] } },
        oauth2: { client_id: 'a', client_certificate_key: '7f3a-certificate' },
        tls_config: { cert: 'public', key: '7f3a-tls' },
      },
    };
    const integration = integrate('webex', settings);
    const { config, secrets, inlineSecrets } = integration.render({
      alertmanager: version('0.34.0'),
      secretPath,
    });
    expect(secrets.map(({ value }) => value.reveal())).toEqual(['7f3a-tls']);
    expect(inlineSecrets).toHaveLength(3);
    expect(JSON.stringify(config).match(/7f3a-/g)).toHaveLength(3);
    expect(integration.secrets()).toHaveLength(4);
  });

  it('calls no function that Alertmanager does not have yet', () => {
    const integration = integrate('telegram', { bot_token: TOKEN, message: '{{ toJson .Alerts }}' }, values);
    const target = (text: string) => ({ alertmanager: version(text), secretPath });
    expect(() => integration.render(target('0.29.0'))).toThrow(
      expect.objectContaining({ code: 'LS-RECEIVER-003' }),
    );
    expect(() => integration.render(target('0.30.0'))).not.toThrow();
  });

  it('a number in quotation marks is one to Alertmanager', () => {
    const { config } = integrate(
      'telegram',
      { bot_token: TOKEN, chat_id: '-100', message: '7' },
      values,
    ).render({
      alertmanager: version('0.34.0'),
      secretPath,
    });
    expect(config).toMatchObject({ chat_id: -100, message: '7' });
  });

  it('that hold a variable that nobody replaced are refused without being shown', () => {
    const settings = { bot_token: new SecretReference('TELEGRAM'), chat_id: -100 };
    expect(() => integrate('telegram', settings, { TELEGRAM: '${TELEGRAM_7f3a}' })).toThrow(
      expect.objectContaining({ code: 'LS-RECEIVER-006', message: expect.not.stringContaining('7f3a') }),
    );
  });

  it('that should be a URL and are none are refused without being shown', () => {
    const settings = { webhook_url: new SecretReference('TEAMS') };
    expect(() => integrate('msteamsv2', settings, { TEAMS: '${TEAMS_7f3a}' })).toThrow(
      expect.objectContaining({ code: 'LS-RECEIVER-001', message: expect.not.stringContaining('7f3a') }),
    );
    expect(alertmanager.objectToSecret?.('settings.webhook_url', 'a')).toContain('URL');
    expect(alertmanager.objectToSecret?.('settings.bot_token', '1:a')).toBeUndefined();
  });
});

describe('in leitstand.yaml', () => {
  it('takes numbers, lists, mappings, references to secrets and to the environment', async () => {
    const entry = `      - type: telegram
        settings:
          bot_token: \${secret:TELEGRAM_BOT_TOKEN}
          chat_id: \${env:CHAT}
          message_thread_id: 7
          parse_mode: ''
          http_config:
            authorization: {credentials: "\${secret:OTHER}"}
      - {type: opsgenie, settings: {api_key: 7f3a-literal, responders: [{name: a, type: team}]}}
`;
    const env = 'TELEGRAM_BOT_TOKEN=1:7f3a\nOTHER=7f3a-other\nCHAT=-100\n';
    const { config } = await load(entry, env);
    const entries = config?.document.receivers['on-call']?.['alertmanager'] as readonly {
      readonly settings: Readonly<Record<string, unknown>>;
    }[];
    expect(entries[0]?.settings).toEqual({
      bot_token: new SecretReference('TELEGRAM_BOT_TOKEN'),
      chat_id: -100,
      message_thread_id: 7,
      parse_mode: '',
      http_config: { authorization: { credentials: new SecretReference('OTHER') } },
    });
    const reference = entries[0]?.settings['bot_token'] as SecretReference;
    expect(config?.resolveSecret(reference).reveal()).toBe('1:7f3a');
    if (!config) throw new Error('not loaded');
    const shown = shownValues(config, configSchema(schemas)).map(
      ({ path, text }) => `${path.join('.')} ${text}`,
    );
    expect(shown).toContain(
      'receivers.on-call.alertmanager.0.settings.bot_token ${secret:TELEGRAM_BOT_TOKEN}',
    );
    expect(shown).toContain('receivers.on-call.alertmanager.0.settings.chat_id -100');
    expect(shown.join('\n')).not.toContain('7f3a');
  });

  it('says that a secret is nowhere to be found', async () => {
    const { said } = await load(
      '      - {type: opsgenie, settings: {details: {a: ["${secret:NO_SUCH}"]}, api_key: "a${secret:B}"}}\n',
    );
    expect(said).toContain('the secret NO_SUCH is nowhere to be found');
    expect(said).toContain('alertmanager[0].settings.api_key mixes a secret with other text');
  });

  it.each([
    [
      'a typing mistake in a key',
      '{type: telegram, settings: {chatid: 1}}',
      [
        'LS-CONFIG-004 unknown key `chatid` in receivers.on-call.alertmanager[0].settings',
        'did you mean `chat_id`?',
      ],
    ],
    [
      'a key of another integration',
      '{type: telegram, settings: {room_id: a}}',
      [
        'unknown key (not shown: it may be a secret)',
        'keys here are: send_resolved, http_config, api_url, bot_token, chat_id',
      ],
    ],
    [
      'a secret in the place of a key',
      '{type: telegram, settings: {7f3a-token}}',
      ['unknown key without a value'],
    ],
    [
      'what Leitstand models',
      '{type: slack, settings: {}}',
      ['type names an integration that has a key of its own', 'write `slack:` below the receiver'],
    ],
    ['its key', '{type: email_configs, settings: {}}', ['write `email:` below the receiver']],
    ['a typing mistake in a type', '{type: telegramm, settings: {}}', ['did you mean `telegram`?']],
    ['what people call it', '{type: Teams, settings: {}}', ['did you mean `msteamsv2`?']],
    ['the key of a type', '{type: opsgenie_configs, settings: {}}', ['did you mean `opsgenie`?']],
    ['what nobody knows', '{type: fax, settings: {}}', ['integrations are: discord, incidentio, jira']],
    [
      'a number as a secret, which YAML has made another one',
      '{type: pushover, settings: {user_key: 0073100, token: a}}',
      ['alertmanager[0].settings.user_key is a number where a secret belongs', 'write ${secret:NAME}'],
    ],
    [
      'a text that is none in the template language',
      '{type: telegram, settings: {message: "{{ .7f3a"}}',
      ['settings.message cannot be read as a text', 'each `{{` needs its `}}`'],
    ],
    [
      'such a number deeper down',
      '{type: webex, settings: {http_config: {basic_auth: {username: a, password: 0073100}}}}',
      ['settings.http_config.basic_auth.password is a number'],
    ],
    ['no settings', '{type: telegram}', ['lacks the key `settings`']],
    ['settings that are none', '{type: telegram, settings: [7f3a]}', ['must be a mapping, not a list']],
    ['empty settings', '{type: telegram, settings: }', ['has no value']],
  ])('refuses %s, and shows no value', async (_, entry, words) => {
    const { said } = await load(`      - ${entry}\n`);
    for (const word of words) expect(said).toContain(word);
    expect(said).not.toMatch(/7f3a|731/);
  });

  it('finds the lines on which a secret is written out', () => {
    const entries = `      - type: msteamsv2
        settings:
          webhook_url: https://example.org/7f3a
      - type: pushover
        settings:
          user_key: 7f3a
          token: \${secret:TOKEN}
          title: a
          http_config:
            tls_config: {key: abc, key_file: /etc/key}
            proxy_connect_header:
              Proxy-Authorization:
                - Basic abc
`;
    expect(linesWithSecrets(yaml(entries), schemas)).toEqual([8, 11, 15, 18]);
  });

  it('is known to editors', () => {
    const schema = JSON.stringify(configJsonSchema(schemas));
    expect(schema).toContain('"enum":["discord","incidentio"');
  });
});

it('is found by its type like any other receiver', () => {
  const { config } = makeIntegration('alertmanager', {
    type: 'discord',
    settings: { webhook_url: 'https://discord.com/api/webhooks/1/a', send_resolved: false },
  }).render({ alertmanager: version('0.25.0'), secretPath });
  expect(config).toEqual({ webhook_url: 'https://discord.com/api/webhooks/1/a', send_resolved: false });
});
