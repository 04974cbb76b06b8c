import { describe, expect, it } from 'vitest';
import { cacheDirectory, childEnvironment } from '../../src/platform/environment.ts';

describe('cacheDirectory', () => {
  it.each([
    [{ LEITSTAND_CACHE_DIR: '/own', XDG_CACHE_HOME: '/xdg', HOME: '/h' }, '/own'],
    [{ XDG_CACHE_HOME: '/xdg', HOME: '/h' }, '/xdg/leitstand'],
    [{ HOME: '/h' }, '/h/.cache/leitstand'],
    [{ LEITSTAND_CACHE_DIR: '', XDG_CACHE_HOME: '', HOME: '' }, '/home/of/user/.cache/leitstand'],
    [{ LEITSTAND_CACHE_DIR: 'relative', XDG_CACHE_HOME: './x' }, '/home/of/user/.cache/leitstand'],
  ])('%j', (env, directory) => {
    expect(cacheDirectory(env, '/home/of/user')).toBe(directory);
  });
});

describe('childEnvironment', () => {
  it('hands on what programs need, and no secrets', () => {
    const kept = {
      PATH: '/bin',
      HOME: '/h',
      LC_ALL: 'C',
      https_proxy: 'p',
      NO_PROXY: 'n',
      GOFLAGS: '-x',
      GOPROXY: 'g',
    };
    expect(
      childEnvironment({ ...kept, SLACK_WEBHOOK_URL: 's', AWS_SECRET_ACCESS_KEY: 'k', GOOGLE_TOKEN: 't' }),
    ).toEqual(kept);
  });
});
