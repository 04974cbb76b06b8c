import type { AnyReceiverPlugin } from '../stack/receiver.ts';
import { slack } from './slack/index.ts';
import { webhook } from './webhook/index.ts';

export const receiverPlugins: readonly AnyReceiverPlugin[] = [slack, webhook];
