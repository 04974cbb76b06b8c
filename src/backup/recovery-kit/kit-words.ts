import type { Language } from '../../stack/language.ts';
import type { RecoveryKit } from './kit.ts';

interface KitWords {
  readonly title: (stack: string) => string;
  /** How to keep it. */
  readonly keep: readonly string[];
  readonly onMachine: readonly string[];
  readonly secret: readonly string[];
  readonly withoutSecret: readonly string[];
  readonly notEncrypted: readonly string[];
  /** What to do when the machine is lost. */
  readonly lost: (kit: RecoveryKit) => readonly string[];
}

/** At most 78 characters a line: it is printed. No line looks like a field: small letters and a colon. */
export const KIT_WORDS: Readonly<Record<Language, KitWords>> = {
  en: {
    title: (stack) => `RECOVERY KIT of the stack ${stack}`,
    keep: [
      'Print it, and keep it in two places, neither of them on this machine: a',
      'safe, a password safe. Who has it can read every backup. When it is lost,',
      'so is every encrypted backup: nobody can make the key again.',
    ],
    onMachine: [
      'CAREFUL: these backups lie on the machine itself. Lost with it, they are',
      'lost. Give them another disk or an S3 bucket, and print the kit again.',
    ],
    secret: ['The secret half of the recovery key. Spaces around it do no harm:'],
    withoutSecret: [
      'The secret half of the recovery key is not printed again: it stands in the',
      'kit that was printed when the key was made, or in the safe.',
    ],
    notEncrypted: ['These backups are not encrypted: no secret key is needed.'],
    lost: (kit) => [
      'THE MACHINE IS LOST? On a new one, with this text as the file kit.txt:',
      '',
      '  1  npm ci                  in a clone of Leitstand; link its command:',
      '                             ln -s "$PWD/bin/leitstand.mjs" /usr/local/bin/leitstand',
      `  2  leitstand restore --kit kit.txt --all /srv/${kit.stack}`,
      `  3  cd /srv/${kit.stack} && leitstand up`,
      '',
      ...(kit.store.kind === 's3'
        ? ['Before 2, export AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY of the bucket.']
        : ['Before 2, mount the directory; elsewhere: --repository DIRECTORY.']),
      ...(needsAnother(kit) ? ['To 2, add --identity FILE: the kit that has the secret half.'] : []),
      'Before 3, put the secrets back: 2 says which. More: docs/recovery.md.',
    ],
  },
  de: {
    title: (stack) => `NOTFALLBLATT des Stacks ${stack} (Recovery Kit)`,
    keep: [
      'Drucken Sie es aus und verwahren Sie es an zwei Orten, nicht auf dieser',
      'Maschine: im Tresor, im Passwort-Safe. Wer es hat, kann jedes Backup lesen.',
      'Geht es verloren, ist jedes verschlüsselte Backup verloren: Den Schlüssel',
      'kann niemand wiederherstellen.',
    ],
    onMachine: [
      'ACHTUNG: Diese Backups liegen auf der Maschine selbst und gehen mit ihr',
      'verloren. Geben Sie ihnen eine andere Platte oder einen S3-Bucket und',
      'drucken Sie das Blatt neu.',
    ],
    secret: ['Die geheime Hälfte des Schlüssels. Leerzeichen davor und danach schaden nicht:'],
    withoutSecret: [
      'Die geheime Hälfte des Schlüssels wird nicht noch einmal gedruckt: Sie steht',
      'auf dem Blatt aus der Zeit, als er erzeugt wurde, oder liegt im Safe.',
    ],
    notEncrypted: ['Diese Backups sind nicht verschlüsselt: Es braucht keinen Schlüssel.'],
    lost: (kit) => [
      'DIE MASCHINE IST VERLOREN? Auf einer neuen, mit diesem Text als kit.txt:',
      '',
      '  1  npm ci                  in einem Klon von Leitstand; dann den Befehl:',
      '                             ln -s "$PWD/bin/leitstand.mjs" /usr/local/bin/leitstand',
      `  2  leitstand restore --kit kit.txt --all /srv/${kit.stack}`,
      `  3  cd /srv/${kit.stack} && leitstand up`,
      '',
      ...(kit.store.kind === 's3'
        ? ['Vor 2: export AWS_ACCESS_KEY_ID und AWS_SECRET_ACCESS_KEY des Buckets.']
        : ['Vor 2: das Verzeichnis einhängen; liegt es anderswo: --repository VERZEICHNIS.']),
      ...(needsAnother(kit) ? ['Zu 2 gehört noch --identity DATEI: das Blatt mit der geheimen Hälfte.'] : []),
      'Vor 3: die Geheimnisse wieder hinlegen; 2 sagt, welche. Mehr: docs/recovery.md.',
    ],
  },
};

function needsAnother({ secretKey, recoveryKeys }: RecoveryKit): boolean {
  return !secretKey && recoveryKeys.length > 0;
}
