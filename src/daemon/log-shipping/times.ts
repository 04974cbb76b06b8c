/** All in milliseconds. */
export interface ShippingTimes {
  /** Between two looks at logs that were read to their ends. */
  readonly poll: number;
  /** For the end of a line that has begun. */
  readonly patience: number;
  /** For the store's answer. */
  readonly timeout: number;
  readonly firstBackoff: number;
  readonly longestBackoff: number;
  /** A store without a journal has written after this time what it took; VictoriaLogs: some 20 s, measured. */
  readonly settle: number;
  /** Between two questions to a silent store whether it is still the same process. */
  readonly heartbeat: number;
  /** Between two saved positions: what a killed daemon's successor sends twice. */
  readonly save: number;
}

export const DEFAULT_SHIPPING: ShippingTimes = {
  poll: 1_000,
  patience: 5_000,
  timeout: 10_000,
  firstBackoff: 250,
  longestBackoff: 30_000,
  settle: 40_000,
  heartbeat: 10_000,
  save: 5_000,
};
