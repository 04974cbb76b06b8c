import { dirname, isAbsolute, join } from 'node:path';
import type { CollectorFile, Service } from '../model.ts';
import { at, entriesOf, itemsOf, textOf, type Tree } from '../yaml-tree.ts';

export function readComposeFile(file: string, tree: Tree): Service[] {
  const directory = dirname(file);
  return entriesOf(at(tree, 'services')).map(([name, { value, where }]) => {
    const limit = at(value, 'deploy', 'resources', 'limits', 'memory') ?? at(value, 'mem_limit');
    const bytes = composeBytes(textOf(limit));
    return {
      name,
      where,
      directory,
      image: textOf(at(value, 'image')) ?? '',
      args: [...words(at(value, 'entrypoint')), ...words(at(value, 'command'))],
      memoryLimit: limit === undefined || bytes === undefined ? undefined : { bytes, where: limit.where },
      mounts: itemsOf(at(value, 'volumes')).flatMap((volume) => mountOf(volume, directory)),
      usesHostNetwork: textOf(at(value, 'network_mode')) === 'host',
    };
  });
}

function words(tree: Tree | undefined): string[] {
  if (tree?.kind === 'list') return itemsOf(tree).flatMap((item) => textOf(item) ?? []);
  return (textOf(tree) ?? '').split(/\s+/).filter((word) => word !== '');
}

/** Binds of the host's files; named volumes hold data, no configuration. */
function mountOf(volume: Tree, directory: string): { host: string; inside: string }[] {
  const [source, target] =
    volume.kind === 'mapping'
      ? [textOf(at(volume, 'source')), textOf(at(volume, 'target'))]
      : (textOf(volume) ?? '').split(':');
  if (source === undefined || target === undefined || !/^[./~]/.test(source)) return [];
  return [{ host: isAbsolute(source) ? source : join(directory, source), inside: target }];
}

/** Compose' sizes: `512M`, `1g`, `256mb`; a unit is always binary (docs.docker.com, "byte values"). */
function composeBytes(text: string | undefined): number | undefined {
  const match = /^(\d+(?:\.\d+)?)\s*([bkmg]?)b?$/i.exec(text ?? '');
  if (!match) return undefined;
  const power = ['', 'k', 'm', 'g'].indexOf((match[2] ?? '').toLowerCase().replace('b', ''));
  return Math.round(Number(match[1]) * 1024 ** Math.max(0, power));
}

/** Receivers that bring in whatever the scraped exporters have. */
export function readCollectorFile(file: string, tree: Tree): CollectorFile {
  const scrapes = entriesOf(at(tree, 'receivers')).some(([name]) =>
    /^(?:prometheus|kubeletstats|simpleprometheus|receiver_creator)/.test(name),
  );
  return { file, scrapes };
}
