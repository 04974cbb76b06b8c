// Run as a process of its own: `append-proofs.ts FILE NAME COUNT`.
import { openHistory } from '../../src/history/history.ts';

const [path, name, count] = process.argv.slice(2);
const history = openHistory(String(path));
for (let i = 0; i < Number(count); i += 1) {
  history.proofs.append(
    {
      kind: 'test',
      subject: String(name),
      verdict: 'proven',
      method: 'two writers',
      facts: { i },
      ageLimitMs: 1000,
      notProven: [],
    },
    new Date(),
  );
}
history.close();
