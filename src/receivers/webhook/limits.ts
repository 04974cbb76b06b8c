import { parseObject } from '../json.ts';

/** What many servers and proxies take at most (nginx' client_max_body_size). */
const USUAL_BYTES = 1024 ** 2;

/** What is left out of a message, and what the way may refuse. */
export function webhookLimits(body: string): readonly string[] {
  const bytes = Buffer.byteLength(body);
  const truncated = truncatedAlerts(body);
  return [
    ...(truncated > 0 ? [`\`max_alerts\` leaves out ${truncated} alerts`] : []),
    ...(bytes > USUAL_BYTES
      ? [`it has ${bytes} bytes: many servers and proxies take no more than 1 MiB; set \`max_alerts\``]
      : []),
  ];
}

function truncatedAlerts(body: string): number {
  const count = parseObject(body)?.['truncatedAlerts'];
  return typeof count === 'number' ? count : 0;
}
