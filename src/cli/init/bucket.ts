import { join } from 'node:path';
import type { AnyComponentPlugin } from '../../stack/component.ts';

/** Of backups, in a component of the new stack. */
export const BUCKET = 'backups';

/** Who chose a component with buckets has the backups in one of them. */
export function bucketComponent(components: readonly AnyComponentPlugin[]): string | undefined {
  return components.find(({ buckets }) => buckets !== undefined)?.name;
}

/** Where the repository of a new stack lies on this machine: a bucket of its own component is a directory, too. */
export function repositoryDirectory(stateDir: string, component: string | undefined): string {
  return component === undefined ? join(stateDir, 'repository') : join(stateDir, 'data', component, BUCKET);
}
