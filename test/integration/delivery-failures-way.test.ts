import { freePort } from '../fixtures/free-port.ts';
import { localServer } from '../fixtures/local-server.ts';
import { describeScenes, lost, notSent, oneOfEach, SECRET, whileTold } from './delivery-scenes.ts';

/** A port on which nothing listens. */
const deadPort = await freePort();
const DEAD = `127.0.0.1:${deadPort}`;

const FIX = {
  name: (where: string) =>
    `the name nobody.invalid is not known on the machine of Alertmanager: look for a typing error in ${where}, then at the DNS there`,
  nothing: (where: string) =>
    `nothing listens at ${DEAD}: start it, or correct the address in ${where}; then: leitstand up`,
  inboxDown: 'the inbox does not run: `leitstand status` says why, `leitstand up` starts it',
  noProxy: (name: string) =>
    `no proxy listens where \`proxy_url\` of ${name} in leitstand.yaml says: start it, or correct the address; then: leitstand up`,
  proxyLogin: (name: string, host: string) =>
    `the proxy does not let it through: ask its operator to let this machine reach ${host} without a login, or name another one in \`proxy_url\` of ${name} in leitstand.yaml; then: leitstand up`,
  certificate: (name: string) =>
    `the certificate of HOST is not trusted. If its authority is your own, name its PEM file in \`ca_file\` of ${name} in leitstand.yaml; then: leitstand up. If not, check the address, and what stands between`,
  noStarttls:
    'HOST offers no encryption on this port: take its port with STARTTLS (mostly 587) or with TLS from the start (465) in `smarthost` of email email[0] in leitstand.yaml; only for a server on this machine, `tls: none`; then: leitstand up',
  redirect:
    "it answers with a redirect, which Alertmanager does not follow for messages: put the final URL into the secret TEST_URL; then: leitstand up; a login page is a proxy's",
  template: (receiver: string) =>
    `a text of this receiver has a mistake in Alertmanager's template language: correct it in leitstand.yaml (leitstand alert preview ${receiver} shows what comes out); then: leitstand up`,
  cut: 'HOST cuts the connection without an answer: look into its own log, and at what stands between',
} as const;

const NAMES = { slack: 'slack slack[0]', pagerduty: 'pagerduty pagerduty[0]', webhook: 'webhook webhook[0]' };

/** The same receivers, where one sends to. */
const at = (url: string, hostPort: string) => () => oneOfEach({ inboxUrl: url, hostPort });

type OneOfEach = ReturnType<typeof oneOfEach>;

/** Those that speak HTTP, each with the settings. */
function overHttp({ slack, pagerduty, webhook }: OneOfEach, settings: Readonly<Record<string, unknown>>) {
  const withSettings = (all: readonly object[]) => all.map((one) => ({ ...one, ...settings }));
  return {
    slack: { slack: withSettings(slack.slack) },
    pagerduty: { pagerduty: withSettings(pagerduty.pagerduty) },
    webhook: { webhook: withSettings(webhook.webhook) },
  };
}

describeScenes('the way to a provider', [
  {
    name: 'a name that DNS does not know',
    receivers: at('https://nobody.invalid', 'nobody.invalid:587'),
    // A resolver that is not there takes seconds to be given up.
    request: () => ({ timeoutMs: 24_000 }),
    elsewhere: {
      slack: notSent('lookup nobody.invalid', FIX.name('the secret TEST_URL')),
      email: notSent(
        'establish connection to server: dial tcp: lookup nobody.invalid',
        FIX.name('`smarthost` of email email[0] in leitstand.yaml'),
      ),
      pagerduty: notSent(
        'failed to post message to PagerDuty: Post "https://nobody.invalid/…": dial tcp: lookup',
        FIX.name('`url` of pagerduty pagerduty[0] in leitstand.yaml'),
      ),
      webhook: notSent('lookup nobody.invalid', FIX.name('the secret TEST_URL')),
    },
  },
  {
    name: 'a port on which nothing listens',
    receivers: at(`http://${DEAD}`, DEAD),
    elsewhere: {
      slack: notSent('connect: connection refused', FIX.nothing('the secret TEST_URL')),
      email: notSent(
        'establish connection to server: dial tcp',
        FIX.nothing('`smarthost` of email email[0] in leitstand.yaml'),
      ),
      pagerduty: notSent(
        'connect: connection refused',
        FIX.nothing('`url` of pagerduty pagerduty[0] in leitstand.yaml'),
      ),
      webhook: notSent('connect: connection refused', FIX.nothing('the secret TEST_URL')),
    },
  },
  {
    name: 'an inbox that does not run',
    receivers: oneOfEach,
    prepare: ({ inbox }) => inbox.close(),
    inbox: {
      slack: notSent('connect: connection refused', FIX.inboxDown),
      email: notSent('connect: connection refused', FIX.inboxDown),
      pagerduty: notSent('connect: connection refused', FIX.inboxDown),
      webhook: notSent('connect: connection refused', FIX.inboxDown),
    },
  },
  {
    name: 'a proxy that does not run',
    receivers: (world) => overHttp(oneOfEach(world), { proxy_url: `http://${DEAD}` }),
    inbox: {
      slack: notSent('proxyconnect tcp: dial tcp', FIX.noProxy(NAMES.slack)),
      pagerduty: notSent('proxyconnect tcp: dial tcp', FIX.noProxy(NAMES.pagerduty)),
      webhook: notSent('proxyconnect tcp: dial tcp', FIX.noProxy(NAMES.webhook)),
    },
  },
  {
    name: 'a proxy that wants a login',
    receivers: async (world) => {
      const proxy = await localServer((_, response) => response.writeHead(407).end());
      world.onEnd(() => proxy[Symbol.asyncDispose]());
      const secure = oneOfEach({ ...world, inboxUrl: `https://${world.hostPort}` });
      return overHttp({ ...oneOfEach(world), pagerduty: secure.pagerduty }, { proxy_url: proxy.url });
    },
    elsewhere: {
      slack: lost('unexpected status code 407', FIX.proxyLogin(NAMES.slack, 'HOST'), 'log'),
      // CONNECT, which Node's server answers by hanging up.
      pagerduty: notSent('EOF', FIX.cut),
      webhook: lost('unexpected status code 407', FIX.proxyLogin(NAMES.webhook, 'HOST'), 'log'),
    },
  },
  {
    name: 'a certificate of an authority that nobody knows',
    receivers: ({ hostPort }) => {
      const { email: _, ...others } = oneOfEach({ inboxUrl: `https://${hostPort}`, hostPort });
      return others;
    },
    inbox: {
      slack: notSent('x509: certificate signed by unknown authority', FIX.certificate(NAMES.slack)),
      pagerduty: notSent('x509: certificate signed by unknown authority', FIX.certificate(NAMES.pagerduty)),
      webhook: notSent('x509: certificate signed by unknown authority', FIX.certificate(NAMES.webhook)),
    },
  },
  {
    name: 'mail without encryption',
    receivers: (world) => ({ email: oneOfEach(world).email }),
    faults: [['email', { kind: 'no-starttls' }]],
    inbox: { email: notSent('does not advertise the STARTTLS extension', whileTold(FIX.noStarttls)) },
    elsewhere: { email: notSent('does not advertise the STARTTLS extension', FIX.noStarttls) },
  },
  {
    name: 'mail with a certificate that nobody signed',
    receivers: (world) => ({ email: oneOfEach(world).email }),
    faults: [['email', { kind: 'bad-certificate' }]],
    inbox: {
      email: notSent('send STARTTLS command: ', whileTold(FIX.certificate('email email[0]'))),
    },
    elsewhere: {
      email: notSent('x509: certificate signed by unknown authority', FIX.certificate('email email[0]')),
    },
  },
  {
    name: 'a redirect',
    receivers: async (world) => {
      const server = await localServer((_, response) =>
        response.writeHead(302, { location: `${world.inboxUrl}/` }).end(),
      );
      world.onEnd(() => server[Symbol.asyncDispose]());
      return { webhook: { webhook: [{ url: `${server.url}/${SECRET}` }] } };
    },
    elsewhere: { webhook: lost('unexpected status code 302', FIX.redirect, 'log') },
  },
  {
    name: 'own texts with a mistake',
    receivers: (world) => {
      const { slack, email, pagerduty } = oneOfEach(world);
      const wrong = '{{ .Nobody }}';
      return {
        slack: { slack: slack.slack.map((one) => ({ ...one, title: wrong })) },
        email: { email: email.email.map((one) => ({ ...one, subject: wrong })) },
        pagerduty: { pagerduty: pagerduty.pagerduty.map((one) => ({ ...one, summary: wrong })) },
      };
    },
    inbox: {
      slack: notSent("can't evaluate field Nobody", FIX.template('slack')),
      email: notSent('execute "Subject" header template: ', FIX.template('email')),
      pagerduty: notSent("can't evaluate field Nobody", FIX.template('pagerduty')),
    },
  },
]);
