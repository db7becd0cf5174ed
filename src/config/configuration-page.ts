import { SECTIONS, type SettingsSection } from './app-config';
import { fileVariable, type Setting, type SettingChange } from './setting';

const INTRODUCTION = `# Configuration

Generated from the declarations in \`src/config\` by \`npm run docs\`; do not edit by hand.

Settings are environment variables. A file \`.env\` in the folder where the program is started is read
too; the environment takes precedence over it. An empty variable counts as not set. A value that is not
allowed stops the start with exit code 78 and one line that names the variable, the value and the allowed
values.

Durations are written \`500ms\`, \`10s\`, \`2m\` or \`1h\`, sizes \`64KB\` (1000), \`64KiB\` or \`64K\` (1024);
bare numbers are seconds and bytes.

The last column says whether the API can change the setting, and when the change takes effect
([settings](settings.md)): \`at once\`, \`after a restart\`, or \`no\` if only the environment can set it.

A secret can be given in a file instead, for example one of Docker or systemd: \`API_KEY_FILE\` is the path of
a file that contains the value of \`API_KEY\`. One line break at the end of the file is ignored. The file must
be UTF-8 text of at most 64 KiB and not empty; \`API_KEY\` and \`API_KEY_FILE\` may not both be set.

Names of acestream-orchestrator and acexy are accepted for many settings, with a warning at the start that
names the new variable: [names of variables](migrating.md#names-of-variables).
`;

const CHANGES: Readonly<Record<SettingChange, string>> = {
  at_once: 'at once',
  after_restart: 'after a restart',
  environment_only: 'no',
};

/** The text of docs/configuration.md. */
export function renderConfigurationMarkdown(): string {
  return [INTRODUCTION, ...SECTIONS.map(renderSection)].join('\n');
}

function renderSection({ title, settings }: SettingsSection): string {
  const rows = settings.map(renderRow).join('\n');
  return `## ${title}\n\n| name | default | meaning | allowed | change by API |\n|---|---|---|---|---|\n${rows}\n`;
}

function renderRow(setting: Setting<unknown>): string {
  const variables = setting.isSecret
    ? [setting.variable, fileVariable(setting)]
    : [setting.variable];
  const names = variables.map((name) => `\`${name}\``).join(' or ');
  const fallback = setting.defaultText === '' ? 'not set' : `\`${setting.defaultText}\``;
  const cells = [names, fallback, setting.description, setting.type.allowed];
  return `| ${[...cells, CHANGES[setting.change]].map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}
