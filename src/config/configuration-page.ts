import { SECTIONS, type SettingsSection } from './app-config';
import { type Setting } from './setting';

const INTRODUCTION = `# Configuration

Generated from the declarations in \`src/config\` by \`npm run docs\`; do not edit by hand.

Settings are environment variables. A file \`.env\` in the folder where the program is started is read
too; the environment takes precedence over it. An empty variable counts as not set. A value that is not
allowed stops the start with exit code 78 and one line that names the variable, the value and the allowed
values.

Durations are written \`500ms\`, \`10s\`, \`2m\` or \`1h\`, sizes \`64KB\` (1000), \`64KiB\` or \`64K\` (1024);
bare numbers are seconds and bytes. All settings are read once, at the start.
`;

/** The text of docs/configuration.md. */
export function renderConfigurationMarkdown(): string {
  return [INTRODUCTION, ...SECTIONS.map(renderSection)].join('\n');
}

function renderSection({ title, settings }: SettingsSection): string {
  const rows = settings.map(renderRow).join('\n');
  return `## ${title}\n\n| name | default | meaning | allowed | restart |\n|---|---|---|---|---|\n${rows}\n`;
}

function renderRow(setting: Setting<unknown>): string {
  const names = [setting.variable, ...setting.aliases]
    .map((name) => `\`${name}\``)
    .join(', alias ');
  const fallback = setting.defaultText === '' ? 'not set' : `\`${setting.defaultText}\``;
  const cells = [names, fallback, setting.description, setting.type.allowed];
  const restart = setting.needsRestart ? 'yes' : 'no';
  return `| ${[...cells, restart].map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
