import { openDatabase } from './database.ts';
import { type Deliveries, deliveriesIn } from './deliveries.ts';
import { type MessageLog, messagesIn } from './messages.ts';
import { type Proofs, proofsIn } from './proofs.ts';

export interface History {
  readonly proofs: Proofs;
  readonly messages: MessageLog;
  readonly deliveries: Deliveries;
  /** Safe to call twice. */
  close(): void;
}

/**
 * Opens `leitstand.db`, making it (0600) when it is not there; its directory must exist and be on a local disk.
 * Any number of processes may have it open and write. Throws LS-HISTORY errors, as every later call does.
 */
export function openHistory(path: string): History {
  const database = openDatabase(path);
  return {
    proofs: proofsIn(database),
    messages: messagesIn(database),
    deliveries: deliveriesIn(database),
    close: () => database.close(),
  };
}
