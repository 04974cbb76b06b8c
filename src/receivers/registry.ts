import type { AnyReceiverPlugin } from '../stack/receiver.ts';
import { alertmanager } from './alertmanager/index.ts';
import { email } from './email/index.ts';
import { pagerduty } from './pagerduty/index.ts';
import { slack } from './slack/index.ts';
import { webhook } from './webhook/index.ts';

export const receiverPlugins: readonly AnyReceiverPlugin[] = [slack, email, pagerduty, webhook, alertmanager];
