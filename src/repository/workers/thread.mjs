// Plain JavaScript: the cache of compiled code has to be in use before the first TypeScript is read, or a thread spends half of
// its start on getting ready to strip types. It does not get that cache from the thread that begins it.
import { enableCompileCache } from 'node:module';
import { workerData } from 'node:worker_threads';

if (typeof workerData === 'string') enableCompileCache(workerData);
await import('./answer-questions.ts');
