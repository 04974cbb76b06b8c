/** Named as in the configuration that ships with the program. */
export const MODULES = ['http_2xx', 'tcp_connect', 'tls', 'icmp'] as const;
export type Module = (typeof MODULES)[number];

export interface Probe {
  readonly url: string;
  readonly module?: Module | undefined;
  readonly name?: string | undefined;
  /** Duration text. */
  readonly interval: string;
}

type Place = Pick<Probe, 'url' | 'module'>;

const MODULE_OF_SCHEME: Readonly<Record<string, Module>> = {
  'http:': 'http_2xx',
  'https:': 'http_2xx',
  'tcp:': 'tcp_connect',
  'tls:': 'tls',
  'icmp:': 'icmp',
};

/** Says what is wrong with a probe; undefined when nothing is. Never repeats a URL that holds credentials. */
export function objectToProbe({
  url,
  module,
}: Place): { readonly problem: string; readonly fix?: string } | undefined {
  const parsed = URL.parse(url);
  const own = MODULE_OF_SCHEME[parsed?.protocol ?? ''];
  if (!parsed || own === undefined) {
    return {
      problem: 'does not begin with http://, https://, tcp://, tls:// or icmp://',
      ...(/^[\w.-]+(:\d+)?(\/|$)/.test(url) ? { fix: `write https://${url}, or tcp://${url}` } : {}),
    };
  }
  if (parsed.username !== '' || parsed.password !== '') {
    return {
      problem: 'holds a user name or a password, which would be in every metric and alert',
      fix: 'probe an address that needs none, such as a health page',
    };
  }
  if (parsed.hostname === '') return { problem: 'names no host' };
  if (module !== undefined && module !== own && !(module === 'tls' && parsed.protocol === 'https:')) {
    return { problem: `cannot be probed with ${module}`, fix: `leave \`module\` out: ${own} is used then` };
  }
  if (own === 'http_2xx') return undefined;
  if (own !== 'icmp' && parsed.port === '')
    return { problem: 'names no port', fix: `write ${url.replace(/\/$/, '')}:443, with the right number` };
  const isMore = !['', '/'].includes(parsed.pathname) || parsed.search !== '' || parsed.hash !== '';
  if (isMore || (own === 'icmp' && parsed.port !== ''))
    return { problem: `holds more than ${own === 'icmp' ? 'a host' : 'a host and a port'}` };
  return undefined;
}

/** How the exporter is asked about a probe that nobody objects to. */
export function askedAs({ url, module }: Place): { readonly module: Module; readonly target: string } {
  const { protocol, hostname, port } = new URL(url);
  const chosen = module ?? MODULE_OF_SCHEME[protocol] ?? 'http_2xx';
  if (chosen === 'http_2xx') return { module: chosen, target: url };
  // An address of version 6 has brackets in a URL, which a ping does not know.
  if (chosen === 'icmp') return { module: chosen, target: hostname.replace(/^\[|\]$/g, '') };
  return { module: chosen, target: `${hostname}:${port === '' ? '443' : port}` };
}
