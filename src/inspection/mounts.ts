import { isAbsolute, join } from 'node:path';
import type { Inspected, Service } from './model.ts';

/**
 * Where a path that a program sees lies on this machine. Empty where that is not to be known: inside of an image, in a
 * named volume, on another machine.
 */
export function pathsInContainer(
  model: Inspected,
  program: string,
  path: string,
  directory: string,
): string[] {
  const services = servicesRunning(model, program);
  if (!isAbsolute(path)) return [join(directory, path)];
  return services.flatMap(({ mounts }) =>
    mounts
      .filter(({ inside }) => path === inside || path.startsWith(`${inside.replace(/\/$/, '')}/`))
      // The innermost mount is the one that the program sees.
      .sort((a, b) => b.inside.length - a.inside.length)
      .slice(0, 1)
      .map(({ host, inside }) =>
        path === inside ? host : join(host, path.slice(inside.replace(/\/$/, '').length)),
      ),
  );
}

export function servicesRunning({ services }: Inspected, program: string): readonly Service[] {
  return services.filter(({ image, name }) => {
    const part =
      image
        .replace(/[:@].*$/, '')
        .split('/')
        .at(-1) ?? '';
    return part === program || part === `prom-${program}` || (image === '' && name === program);
  });
}

/** The programs' own images: what else is in them is known. Others may bring rules, or a second program. */
export function isOfficialImage({ image }: Service): boolean {
  return /^(?:(?:docker\.io|quay\.io)\/)?(?:prom|prometheus|bitnami|ubuntu)\/(?:prometheus|alertmanager)(?:[:@]|$)/.test(
    image,
  );
}
