import { type DoctorCheck, fail, ok } from '../check.ts';

export const configurationCheck: DoctorCheck = {
  name: 'configuration',
  title: 'the file',
  needs: 'host',
  run: async ({ stack, mistakes }) => {
    if (mistakes.length === 0) return stack ? [ok('leitstand.yaml', 'no mistakes')] : [];
    return mistakes.map(({ code, details: { what, where, fix } }) => {
      const at = where ? [where.file, where.line, where.column].filter((part) => part !== undefined) : [];
      return fail(at.length === 0 ? 'leitstand.yaml' : at.join(':'), `${what} (${code})`, {
        fix: fix ?? `leitstand explain ${code}`,
      });
    });
  },
};
