import { z } from 'zod';
import { componentSettings, duration, port } from '../../config/fields.ts';
import { MODULES, objectToProbe } from './probe.ts';

const probe = z
  .strictObject({
    url: z
      .string()
      .describe(
        'What is probed: `https://…` (a page), `tcp://host:port` (a connection), `tls://host:port` (a certificate), `icmp://host` (a ping).',
      )
      .meta({ examples: ['https://www.example.org/'] }),
    module: z
      .enum(MODULES)
      .optional()
      .describe('How it is probed. Default: as the beginning of the URL says.'),
    name: z.string().min(1).optional().describe('Label `probe` of what is measured, for people.'),
    interval: duration({ min: '1s' }).default('1m').describe('How often it is probed.'),
  })
  .check((context) => {
    const objection = objectToProbe(context.value);
    if (objection)
      context.issues.push({
        code: 'custom',
        message: objection.problem,
        path: ['url'],
        input: context.value.url,
        ...(objection.fix === undefined ? {} : { params: { fix: objection.fix } }),
      });
  });

export const blackboxExporterSchema = componentSettings({
  port: port().default(9115).describe('Port on loopback for probes and the web page.'),
  probes: z
    .array(probe)
    .default([])
    .check((context) => {
      const seen = new Set<string>();
      for (const [index, { url, module }] of context.value.entries()) {
        const key = `${module} ${url}`;
        if (seen.has(key))
          context.issues.push({
            code: 'custom',
            message: 'is probed by an entry above already',
            path: [index, 'url'],
            input: url,
          });
        seen.add(key);
      }
    })
    .describe('What is looked at from outside.'),
});

export type BlackboxExporterConfig = z.infer<typeof blackboxExporterSchema>;
