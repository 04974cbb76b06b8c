import { describe, expect, it } from 'vitest';
import { nearest } from '../../src/platform/nearest.ts';

describe('the nearest word', () => {
  const keys = ['port', 'retention', 'retention_size', 'scrape_interval', 'scrape_timeout', 'memory'];

  it.each([
    ['retension', 'retention'],
    ['prot', 'port'],
    ['ports', 'port'],
    ['scrapeInterval', 'scrape_interval'],
    ['scrape-timeout', 'scrape_timeout'],
    ['scrap_intervall', 'scrape_interval'],
    ['MEMORY', 'memory'],
    ['mem', undefined],
    ['zzz', undefined],
    ['', undefined],
    ['p'.repeat(101), undefined],
  ])('%s means %s', (word, meant) => {
    expect(nearest(word, keys)).toBe(meant);
  });
});
