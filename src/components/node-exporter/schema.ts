import type { z } from 'zod';
import { componentSettings, path, port } from '../../config/fields.ts';

export const nodeExporterSchema = componentSettings({
  port: port().default(9100).describe('Port on loopback for the metrics of this machine.'),
  textfile_dir: path({ absolute: true })
    .optional()
    .describe('Directory whose files `*.prom` are served as well: what cron jobs want to be known.')
    .meta({ examples: ['/var/lib/node-exporter'] }),
});

export type NodeExporterConfig = z.infer<typeof nodeExporterSchema>;
