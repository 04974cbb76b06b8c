import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { askPrograms } from '../../src/inspection/ask-programs.ts';
import { runProgram } from '../../src/platform/processes.ts';
import { modelOfDirectory } from '../inspection/model-of.ts';
import { generations, requirePrograms } from './programs.ts';

describe.each(generations)("the programs' own verdict on a user's files, %s", (generation) => {
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'leitstand-check-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  async function ask(files: Readonly<Record<string, string>>) {
    for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
    const programs = await requirePrograms(generation);
    const paths = { promtool: programs.get('promtool')?.path, amtool: programs.get('amtool')?.path };
    return askPrograms(await modelOfDirectory(directory), paths, {
      run: runProgram,
      absolute: (file) => join(directory, file),
    });
  }

  it('says nothing about files that are right, also where what they name lies elsewhere', async () => {
    const { findings, notAsked } = await ask({
      'prometheus.yml': 'rule_files: [/not/here/*.yml]\nscrape_configs: []\n',
      'rules.yml': 'groups: [{ name: g, rules: [{ alert: A, expr: up == 0 }] }]\n',
      'alertmanager.yml': 'route: { receiver: a }\nreceivers: [{ name: a }]\n',
    });
    expect(findings).toEqual([]);
    expect(notAsked).toEqual([]);
  });

  it('is a finding with their words and the line, without secrets', async () => {
    const { findings } = await ask({
      'prometheus.yml': 'scrape_configs:\n  - job_name: a\n    scrape_intervall: 5s\n',
      'rules.yml': 'groups: [{ name: g, rules: [{ alert: A, expr: rate(up) > 0 }] }]\n',
      'alertmanager.yml':
        'route: { receiver: b }\nreceivers: [{ name: a, webhook_configs: [{ url: "https://x.test/SECRET7f3a" }] }]\n',
    });
    expect(findings.map(({ subject }) => subject).sort()).toEqual([
      'alertmanager.yml',
      'prometheus.yml',
      'rules.yml',
    ]);
    expect(findings.find(({ subject }) => subject === 'prometheus.yml')?.where.line).toBe(3);
    expect(JSON.stringify(findings)).toContain('scrape_intervall');
    expect(JSON.stringify(findings)).not.toContain('SECRET7f3a');
  });

  it('a build without service discovery is not believed about it', async () => {
    const { findings, notAsked } = await ask({
      'prometheus.yml':
        'scrape_configs:\n  - job_name: a\n    dns_sd_configs: [{ names: [a], type: A, port: 1 }]\n',
    });
    expect(findings).toEqual([]);
    expect(notAsked).toHaveLength(generation === 'current' ? 1 : 0);
  });
});
