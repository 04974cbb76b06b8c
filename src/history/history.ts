import { openDatabase } from './database.ts';
import { type Deliveries, deliveriesIn } from './deliveries.ts';
import { type Destinations, destinationsIn } from './destinations.ts';
import { type Jobs, jobsIn } from './jobs.ts';
import { type MessageLog, messagesIn } from './messages.ts';
import { type Misbehaviours, misbehavioursIn } from './misbehaviours.ts';
import { type Proofs, proofsIn } from './proofs.ts';
import { type Sightings, sightingsIn } from './sightings.ts';

export interface History {
  readonly proofs: Proofs;
  readonly messages: MessageLog;
  readonly deliveries: Deliveries;
  readonly destinations: Destinations;
  readonly sightings: Sightings;
  readonly jobs: Jobs;
  readonly misbehaviours: Misbehaviours;
  /** What is written in it is written as a whole or not at all, and in one go: each commit waits for the disk. */
  together<Result>(work: () => Result): Result;
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
    destinations: destinationsIn(database),
    sightings: sightingsIn(database),
    jobs: jobsIn(database),
    misbehaviours: misbehavioursIn(database),
    together: (work) => database.write(work),
    close: () => database.close(),
  };
}
