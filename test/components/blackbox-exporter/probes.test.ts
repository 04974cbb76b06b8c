import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blackboxExporterOffer } from '../../../src/components/blackbox-exporter/offer.ts';
import { askedAs, objectToProbe } from '../../../src/components/blackbox-exporter/probe.ts';
import { blackboxExporterSchema } from '../../../src/components/blackbox-exporter/schema.ts';
import { durationMs } from '../../../src/platform/units.ts';

function problemsOf(...probes: readonly unknown[]): string[] {
  const { error } = blackboxExporterSchema.safeParse({ probes });
  return (error?.issues ?? []).map(({ path, message }) => `${path.join('.')} ${message}`);
}

describe('a probe', () => {
  it.each([
    ['https://www.example.org/a?b=1', 'http_2xx', 'https://www.example.org/a?b=1'],
    ['http://127.0.0.1:8080', 'http_2xx', 'http://127.0.0.1:8080'],
    ['tcp://db.example.org:5432', 'tcp_connect', 'db.example.org:5432'],
    ['tcp://[2001:db8::1]:22', 'tcp_connect', '[2001:db8::1]:22'],
    ['tls://mail.example.org:465', 'tls', 'mail.example.org:465'],
    ['icmp://router.example.org', 'icmp', 'router.example.org'],
    ['icmp://[2001:db8::1]', 'icmp', '2001:db8::1'],
  ])('%s is asked as %s', (url, module, target) => {
    expect(problemsOf({ url })).toEqual([]);
    expect(askedAs({ url })).toEqual({ module, target });
  });

  it('of a page may be about its certificate alone', () => {
    expect(problemsOf({ url: 'https://example.org/', module: 'tls' })).toEqual([]);
    expect(askedAs({ url: 'https://example.org/', module: 'tls' }).target).toBe('example.org:443');
    expect(askedAs({ url: 'https://example.org:8443/', module: 'tls' }).target).toBe('example.org:8443');
  });

  it.each([
    ['www.example.org', /does not begin with http/],
    ['ftp://example.org/', /does not begin with http/],
    ['example.org:5432', /does not begin with http/],
    ['tcp://db.example.org', /names no port/],
    ['tls://mail.example.org', /names no port/],
    ['tcp://db.example.org:5432/table', /holds more than a host and a port/],
    ['icmp://router.example.org:80', /holds more than a host/],
  ])('%s is refused', (url, problem) => {
    expect(problemsOf({ url })).toEqual([expect.stringMatching(problem)]);
  });

  it.each([
    { url: 'http://example.org/', module: 'tls' },
    { url: 'tcp://example.org:1', module: 'http_2xx' },
    { url: 'icmp://example.org', module: 'tcp_connect' },
  ])('of $url cannot be made with $module', (probe) => {
    expect(problemsOf(probe)).toEqual([expect.stringMatching(/cannot be probed with/)]);
  });

  it('with credentials is refused, and they are not repeated', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('http', 'https', 'tcp', 'tls', 'icmp'),
        fc.stringMatching(/^[a-z]{6,10}$/),
        fc.stringMatching(/^[A-Z0-9]{8,12}$/),
        (scheme, user, password) => {
          const port = scheme === 'icmp' ? '' : ':443';
          for (const login of [`${user}:${password}`, user, `:${password}`]) {
            const objection = objectToProbe({ url: `${scheme}://${login}@example.org${port}` });
            expect(objection?.problem).toMatch(/holds a user name or a password/);
            expect(JSON.stringify(objection)).not.toContain(user);
            expect(JSON.stringify(objection)).not.toContain(password);
          }
        },
      ),
    );
  });

  it('is made once', () => {
    const url = 'https://example.org/';
    expect(problemsOf({ url }, { url, interval: '5m' })).toEqual([
      'probes.1.url is probed by an entry above already',
    ]);
    expect(problemsOf({ url }, { url, module: 'tls' })).toEqual([]);
  });
});

it('every probe is in exactly one job, whose timeout fits its interval', () => {
  const url = fc.constantFrom(
    'https://a.example',
    'http://b.example',
    'tcp://c.example:1',
    'icmp://d.example',
  );
  const probe = fc.record({ url, interval: fc.constantFrom('1s', '30s', '60s', '1m', '5m') });
  const probes = fc.uniqueArray(probe, { selector: (one) => one.url });
  fc.assert(
    fc.property(probes, (list) => {
      const config = blackboxExporterSchema.parse({ probes: list });
      const [own, ...jobs] = blackboxExporterOffer(config).scrapeJobs;
      expect(own).toEqual({ job: 'blackbox-exporter', component: 'blackbox-exporter', port: 9115 });
      expect(new Set(jobs.map(({ job }) => job)).size).toBe(jobs.length);
      const asked = jobs.flatMap(({ params, probes: targets = [] }) =>
        targets.map(({ target }) => ({ module: params?.['module']?.[0], target })),
      );
      expect(asked).toHaveLength(list.length);
      for (const one of list) expect(asked).toContainEqual(askedAs(one));
      for (const { interval = '', timeout = '' } of jobs) {
        expect(durationMs(timeout)).toBeLessThanOrEqual(durationMs(interval));
      }
    }),
  );
});
