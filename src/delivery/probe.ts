import type { PostableAlert } from '../components/alertmanager/api.ts';
import { TEST_LABEL } from '../stack/delivery.ts';
import type { Integration } from '../stack/receiver.ts';
import type { Stack } from '../stack/stack.ts';

/** Further back than any sensible group_wait: the group flushes at once (measured: 41 to 176 ms). */
const BACKDATED_MS = 3_600_000;
/** Should this program die: the alert ends by itself. */
const OUTLIVES_TEST_MS = 60_000;

/** One receiver's part of a test: an alert of its own, since two receivers may share a destination. */
export interface Probe {
  readonly receiver: string;
  readonly nonce: string;
  readonly integrations: readonly Integration[];
  /** Labels that lead to the receiver; undefined when no route does. */
  readonly routed: Readonly<Record<string, string>> | undefined;
}

export function makeProbes(stack: Stack, receivers: readonly string[], nonce: string): Probe[] {
  return receivers.map((receiver, index) => ({
    receiver,
    nonce: `${nonce}x${index}x`,
    integrations: stack.integrations.filter((integration) => integration.receiver === receiver),
    routed: labelsLeadingTo(stack, receiver),
  }));
}

function labelsLeadingTo({ routing }: Stack, receiver: string): Record<string, string> | undefined {
  const route = routing.severities.find((candidate) => candidate.receiver === receiver);
  if (route) return { severity: route.severity };
  return routing.default === receiver ? {} : undefined;
}

/**
 * The alert. Every label that an inhibition compares carries the nonce: without it, a synthetic critical alert would
 * mute real warnings (seen on a real Alertmanager).
 */
export function probeAlert(probe: Probe, postedAt: Date, timeoutMs: number): PostableAlert {
  const { nonce, receiver, routed = {} } = probe;
  return {
    labels: {
      ...routed,
      alertname: `LeitstandTest_${nonce}`,
      [TEST_LABEL]: nonce,
      workspace_id: nonce,
      component: nonce,
      instance: nonce,
    },
    annotations: {
      summary: 'Test alert from Leitstand: nothing is wrong',
      description: `Test ${nonce} of the receiver ${receiver}. It ends by itself; nobody has to act.`,
    },
    startsAt: new Date(postedAt.getTime() - BACKDATED_MS),
    endsAt: new Date(postedAt.getTime() + timeoutMs + OUTLIVES_TEST_MS),
  };
}
