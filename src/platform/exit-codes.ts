/** Exit codes are an API (docs/exit-codes.md). Any code not listed here means failure. */
export const EXIT = {
  ok: 0,
  /** An honest no: not ready, mismatch, undelivered. */
  no: 1,
  /** Wrong usage or wrong configuration; nothing was touched. */
  usage: 2,
  /** Done in part; the output says which part. */
  partial: 3,
  authentication: 4,
  /** The question could not be answered; never to be read as yes or as no. */
  couldNotCheck: 5,
  /** Refused or failed as a whole; nothing is half done. */
  couldNotDo: 6,
  noRepository: 10,
  locked: 11,
  wrongKey: 12,
  /** A crash: our mistake. */
  bug: 70,
  cancelled: 130,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];
