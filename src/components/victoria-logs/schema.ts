import type { z } from 'zod';
import { componentSettings, duration, port, size } from '../../config/fields.ts';

export const victoriaLogsSchema = componentSettings({
  port: port().default(9428).describe('Port on loopback for the API and the web page.'),
  retention: duration({ min: '1d' })
    .default('90d')
    .describe('How long lines are kept. A whole day (UTC) is deleted once all of it is older.'),
  max_disk: size().optional().describe('Upper bound for the lines on disk; the oldest days go first.'),
});

export type VictoriaLogsConfig = z.infer<typeof victoriaLogsSchema>;
