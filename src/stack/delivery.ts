/** How far one notification is known to have come. Only the first two are good news. */
export type DeliveryVerdict =
  | 'CONFIRMED'
  | 'ACCEPTED'
  | 'SENT-UNCONFIRMED'
  | 'MUTED'
  | 'NOT-ROUTED'
  | 'FAILED';

/** Where a failed delivery was lost: handed to Alertmanager, its routing, its sending, the destination's answer. */
export type DeliveryStage = 'post' | 'route' | 'send' | 'receive';

/** Label that marks a test alert: its value is the test's nonce. Templates and people tell it by this from a real one. */
export const TEST_LABEL = 'leitstand_test';
