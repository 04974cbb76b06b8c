import { alertsOf, type Pack, type PackAlert, type Parameter } from '../src/rules/pack.ts';

/** docs/alerts.md: the shipped alerts as tables, a section for each file. */
export function alertsPage(packs: readonly Pack[], notice: string): string {
  const sections = packs.map((pack) => {
    const rows = alertsOf([pack]).map(
      (alert) =>
        `| [${alert.name}](runbooks/${alert.name}.md) | ${alert.severity} | ${delay(alert)} | ${parameters(alert)} | ${meaning(alert)} |`,
    );
    return `## ${pack.name}\n\n| alert | severity | after | parameters | when it fires |\n|---|---|---|---|---|\n${rows.join('\n')}\n`;
  });
  return `# Alerts\n\n${notice}\nThe alerts that Leitstand ships, a section for each rule file; a file comes with its component. \`rules.alerts\`\nin leitstand.yaml changes them ([Rules](rules.md)); \`leitstand explain ALERT\` prints the page behind a name.\n\n${sections.join('\n')}`;
}

function delay({ for: text }: PackAlert): string {
  return text.startsWith('0') ? 'at once' : text;
}

function parameters(alert: PackAlert): string {
  return Object.entries(alert.parameters)
    .map(([name, parameter]) => `\`${name}\`: ${parameterText(parameter)}`)
    .join('<br>');
}

function parameterText({ default: value, unit, min, max, description }: Parameter): string {
  return `${value}${unit === '' ? '' : ` ${unit}`} (${min} to ${max}). ${description}`;
}

/** The summary with the names of what it shows in place of templates. */
function meaning({ annotations, parameters: numbers }: PackAlert): string {
  return annotations.en.summary
    .replaceAll(/\{\{ \$labels\.(\w+) \}\}/g, (_, label: string) => `\`${label}\``)
    .replaceAll(/\{\{.*?\}\}/g, '…')
    .replaceAll(/<<(\w+)>>/g, (_, name: string) => String(numbers[name]?.default ?? name));
}
