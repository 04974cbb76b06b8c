/** How far one notification is known to have come. Only the first two are good news. */
export const DELIVERY_VERDICTS = [
  'CONFIRMED',
  'ACCEPTED',
  'SENT-UNCONFIRMED',
  'MUTED',
  'NOT-ROUTED',
  'FAILED',
] as const;
export type DeliveryVerdict = (typeof DELIVERY_VERDICTS)[number];

/** Where a failed delivery was lost: handed to Alertmanager, its routing, its sending, the destination's answer. */
export type DeliveryStage = 'post' | 'route' | 'send' | 'receive';

/** Label that marks a test alert: its value is the test's nonce. Templates and people tell it by this from a real one. */
export const TEST_LABEL = 'leitstand_test';

/** What the name of a test alert begins with; its nonce follows. */
export const TEST_ALERT_PREFIX = 'LeitstandTest_';

/** What the daemon shows while a test wants it, with the labels of the alert that Prometheus shall raise. */
export const TEST_METRIC = 'leitstand_alert_test';

/** The rule on it: one of Leitstand's own, and the name of its alerts. */
export const TEST_RULE = `${TEST_ALERT_PREFIX}rule`;

/** How a test went: through Alertmanager, past it (`direct`: the credentials only), or from a rule of Prometheus. */
export type DeliveryMode = 'alertmanager' | 'direct' | 'prometheus';

/**
 * What a verdict rests on: the message in our inbox, the provider asked afterwards, Alertmanager's own event of the
 * sending, its counters, its log, its word about routing and muting, or the provider's answer to ourselves.
 */
export type EvidenceKind = 'inbox' | 'provider' | 'events' | 'counters' | 'log' | 'alertmanager' | 'answer';

/**
 * Annotation of a test alert: URL of a page with a button, whose press says that a person saw the message. A link that
 * mail scanners open by themselves proves nothing, so that the page alone counts for nothing.
 */
export const SEEN_ANNOTATION = 'seen_url';

/** Label of alerts that are about a receiver: its name. They are routed to another one. */
export const ABOUT_RECEIVER_LABEL = 'receiver';

/** The shipped alerts that have it. */
export const ALERTS_ABOUT_RECEIVERS: readonly string[] = ['DeliveryFailed', 'DeliveryUnproven'];

/** The same for a type of integrations: `slack`, as Alertmanager's counters have it. */
export const ABOUT_TYPE_LABEL = 'integration';
export const ALERTS_ABOUT_TYPES: readonly string[] = ['AlertmanagerFailedToSendAlerts'];

/** Good news: the message is where it should be, as far as anybody can tell. */
export function isGoodVerdict(verdict: DeliveryVerdict): boolean {
  return verdict === 'CONFIRMED' || verdict === 'ACCEPTED';
}
