import { isUntrustedCode } from '../../../platform/network-reason.ts';
import { type DoctorCheck, type DoctorLine, type DoctorWorld, fail, ok, unknown, warn } from '../check.ts';
import { type Connected, tryConnection } from './connect.ts';
import { type Target, targetsOf } from './targets.ts';

/** A certificate that ends sooner is somebody's work this week. */
const CERTIFICATE_DAYS = 14;

export const egressCheck: DoctorCheck = {
  name: 'egress',
  title: 'the way to receivers and attached programs',
  needs: 'stack',
  run: async (world) => {
    if (!world.stack) return [];
    const targets = targetsOf(world.stack);
    const lines = await Promise.all(targets.map((target) => targetLine(target, world)));
    return [...lines, ...proxyLines(targets, world)];
  },
};

async function targetLine(target: Target, world: DoctorWorld): Promise<DoctorLine> {
  const { host, port, isLoopback, users } = target;
  const subject = `${host}:${port}, for ${users.join(', ')}`;
  const isInbox = isLoopback && port === world.stack?.inbox.port && world.stack.inbox.enabled;
  if (isInbox && world.stack?.environment === 'production')
    return warn(subject, 'that is the inbox on this machine: nobody is told', {
      wanted: 'the real place, in production',
      fix: 'put its address into .env or leitstand.yaml (of PagerDuty PAGERDUTY_URL, of mail SMTP_SMARTHOST), then: leitstand up',
    });
  if (isInbox && !world.daemonRuns)
    return unknown(subject, 'the inbox opens with `leitstand up`', { matters: false });
  const connection = await tryConnection(target, world);
  switch (connection.state) {
    case 'connected':
      return connectedLine(subject, connection);
    case 'no-address':
      return fail(subject, connection.why, {
        wanted: 'an address',
        fix: `correct the URL, or the name server in /etc/resolv.conf: getent ahosts ${host}`,
      });
    case 'no-connection':
      return fail(subject, `no connection: ${connection.why}`, {
        wanted: 'a connection',
        fix: isLoopback
          ? `start what listens on port ${port}, or correct the URL`
          : `have the firewall let this machine connect to ${host}, port ${port}: a proxy is not used by Alertmanager`,
      });
    case 'no-tls':
      return noTlsLine(subject, connection.why, target);
  }
}

function noTlsLine(subject: string, why: string, { host, port, caFile }: Target): DoctorLine {
  const shows = `openssl s_client -connect ${host}:${port} -servername ${host} shows it`;
  if (!isUntrustedCode(why))
    return fail(subject, `connected, but no TLS: ${why}`, {
      wanted: 'a certificate that this machine trusts',
      fix: why.includes('cannot be read')
        ? 'correct `ca_file`, or let this user read it'
        : `${shows}; is something between that breaks TLS open?`,
    });
  return fail(subject, `connected, and its certificate is not trusted: ${why}`, {
    wanted:
      caFile === undefined ? 'a certificate that this machine trusts' : `one of the authority in ${caFile}`,
    fix: `if its authority is your own, name its PEM file in \`ca_file\`; ${shows}`,
  });
}

function connectedLine(subject: string, { lookupMs, tcpMs, tlsMs, certificateDays }: Connected): DoctorLine {
  const times = [
    ['name', lookupMs],
    ['connection', tcpMs],
    ['TLS', tlsMs],
  ] as const;
  const found = times
    .flatMap(([what, ms]) => (ms === undefined ? [] : [`${what} ${Math.ceil(ms)} ms`]))
    .join(', ');
  if (certificateDays !== undefined && certificateDays < CERTIFICATE_DAYS) {
    return warn(subject, `${found}; its certificate ends in ${Math.floor(certificateDays)} days`, {
      fix: 'have whoever runs it renew the certificate',
    });
  }
  return ok(subject, found);
}

/** Source: prometheus/common `config/http_config.go`, `proxy_from_environment` is off unless it is set. */
function proxyLines(targets: readonly Target[], { env }: DoctorWorld): DoctorLine[] {
  const names = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'ALL_PROXY', 'all_proxy'];
  const set = names.filter((name) => (env[name] ?? '') !== '');
  if (set.length === 0 || targets.every(({ isLoopback }) => isLoopback)) return [];
  return [
    warn('proxy', `${set.join(', ')} is set, and Alertmanager connects without it`, {
      wanted: 'direct connections to the receivers above',
      fix: 'have the firewall let this machine connect to them; the connections above were made without the proxy',
    }),
  ];
}
