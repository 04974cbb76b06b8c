import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { catalog } from '../../src/catalog.ts';
import { shippedAlerts } from '../../src/cli/shipped-alerts.ts';

const folder = fileURLToPath(new URL('../../docs/runbooks', import.meta.url));
const names = (await shippedAlerts(catalog)).map(({ name }) => name);

describe('the runbooks', () => {
  it('are one page for each shipped alert, and no other', () => {
    expect(readdirSync(folder).sort()).toEqual(names.map((name) => `${name}.md`).sort());
  });

  it.each(names)('%s fits a screen and says what to do', (name) => {
    const page = readFileSync(join(folder, `${name}.md`), 'utf8');
    expect(page).toMatch(
      new RegExp(
        `^# ${name}\n\n.+\n[^]*\\*\\*At risk:\\*\\*[^]*\n## Look\n\n\`\`\`sh\n[^]+\n\`\`\`\n\n## Fix\n\n- [^]*\n## Can it wait\\?\n\n`,
      ),
    );
    expect(page.split('\n').length).toBeLessThanOrEqual(40);
    expect(page).toMatch(/\n(?:leitstand|curl|df|free|uptime|journalctl|cat|iostat|timedatectl|echo) ?/);
  });

  it('refer to no alert that is not shipped', () => {
    const unknown = names.flatMap((name) =>
      [...readFileSync(join(folder, `${name}.md`), 'utf8').matchAll(/see ([A-Z][a-z]+[A-Z]\w+)/g)]
        .map(([, other = '']) => other)
        .filter((other) => !names.includes(other))
        .map((other) => `${name}: ${other}`),
    );
    expect(unknown).toEqual([]);
  });
});
