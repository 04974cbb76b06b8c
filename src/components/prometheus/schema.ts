import type { z } from 'zod';
import { componentSettings, duration, externalUrl, port, size } from '../../config/fields.ts';

export const prometheusSchema = componentSettings({
  port: port().default(9090).describe('Port on loopback for the API and the web page.'),
  external_url: externalUrl(),
  scrape_interval: duration().default('15s').describe('How often targets are asked for their metrics.'),
  scrape_timeout: duration()
    .optional()
    .describe('How long a target may take; default: 10s, or the scrape interval where that is shorter.'),
  evaluation_interval: duration()
    .optional()
    .describe('How often rules are evaluated; default: the scrape interval.'),
  retention: duration().default('15d').describe('How long samples are kept.'),
  retention_size: size().optional().describe('Upper bound for the blocks on disk; the oldest go first.'),
});

export type PrometheusConfig = z.infer<typeof prometheusSchema>;
