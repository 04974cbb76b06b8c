import { defineErrors } from '../platform/errors.ts';
import { EXIT } from '../platform/exit-codes.ts';

export const ruleErrors = defineErrors({
  'LS-RULES-001': {
    exit: EXIT.usage,
    title: 'no shipped alert has this name',
    explanation:
      'The keys below `rules.alerts` are names of alerts that Leitstand ships. A misspelt one would change nothing, and ' +
      'that shows only when the alert fires or stays quiet. docs/alerts.md lists them; `leitstand explain` does too. ' +
      'Rules of your own belong into a file named in `rules.files`.',
  },
  'LS-RULES-002': {
    exit: EXIT.usage,
    title: 'the alert has no such parameter',
    explanation:
      'Each shipped alert has its own numbers, with names, units and ranges. `leitstand explain ALERT` shows those of ' +
      'an alert.',
  },
  'LS-RULES-003': {
    exit: EXIT.usage,
    title: "a parameter is outside of the rule's range",
    explanation:
      'Beyond its range a limit could never be reached, or would always be: the alert would be switched off, or fire ' +
      'for ever, without saying so. To switch it off, write `enabled: false`.',
  },
  'LS-RULES-004': {
    exit: EXIT.usage,
    title: 'a rule file of yours cannot be read',
    explanation:
      'A file named in `rules.files` is missing, is a directory, or the system refuses to read it. Paths are relative ' +
      'to leitstand.yaml. Nothing was changed; the rules that were in force still are.',
  },
  'LS-RULES-005': {
    exit: EXIT.usage,
    title: 'a rule file of yours is not one',
    explanation:
      "The file is not YAML, or has no list of `groups` as Prometheus' rule files have. Expressions and templates in " +
      'it are judged by promtool afterwards.',
  },
  'LS-RULES-006': {
    exit: EXIT.usage,
    title: 'two rule files of the same name',
    explanation:
      'All rule files are put into one folder for Prometheus, under the names that they have. Of two with the same ' +
      'name one would replace the other, so neither is taken.',
  },
});
