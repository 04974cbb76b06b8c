import type { DeliveryStage } from '../stack/delivery.ts';
import { fixFor } from './fixes.ts';
import type { IntegrationReport } from './report.ts';
import { named, type Target } from './target.ts';

export function failed(
  integration: Target,
  stage: DeliveryStage,
  reason: string,
  fix = fixFor(reason, integration),
): IntegrationReport {
  return { ...named(integration), verdict: 'FAILED', stage, reason, fix };
}
