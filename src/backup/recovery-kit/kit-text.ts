import type { Language } from '../../stack/language.ts';
import { fieldsOf } from './fields.ts';
import type { RecoveryKit } from './kit.ts';
import { KIT_WORDS } from './kit-words.ts';

/**
 * As people print it, and `parseKit` reads it. Every line but that of the secret key begins with `#`: so it is an
 * identity file of `age` as well, which opens the stored objects without Leitstand. No line is longer than 80 characters
 * but for long addresses.
 */
export function kitText(
  kit: RecoveryKit,
  { language, isOnMachine }: { readonly language: Language; readonly isOnMachine: boolean },
): string {
  const words = KIT_WORDS[language];
  const blocks = [
    commented([words.title(kit.stack), '', ...words.keep]),
    commented([
      ...fieldsOf(kit).map(([field, value]) => `${field}: ${value}`),
      ...(isOnMachine ? ['', ...words.onMachine] : []),
    ]),
    kit.secretKey
      ? `${commented(words.secret)}\n${kit.secretKey.reveal()}`
      : commented(kit.recoveryKeys.length === 0 ? words.notEncrypted : words.withoutSecret),
    commented(words.lost(kit)),
  ];
  return `${blocks.join('\n#\n')}\n`;
}

function commented(lines: readonly string[]): string {
  return lines.map((line) => `# ${line}`.trimEnd()).join('\n');
}
