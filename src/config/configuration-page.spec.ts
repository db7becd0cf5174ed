import { SECTIONS, SETTINGS } from './app-config';
import { renderConfigurationMarkdown } from './configuration-page';
import { type Setting } from './setting';

describe('renderConfigurationMarkdown', () => {
  const page = renderConfigurationMarkdown();

  it.each(Object.values<Setting<unknown>>(SETTINGS).map((s) => s.variable))(
    'documents %s',
    (name) => {
      expect(page.match(new RegExp(`^\\| \`${name}\``, 'gm'))).toHaveLength(1);
    },
  );

  it('keeps every row at the same number of cells', () => {
    const rows = page.split('\n').filter((line) => line.startsWith('| `'));
    expect(rows.every((row) => row.split(/(?<!\\)\|/).length === 7)).toBe(true);
  });

  it('puts every setting into a section', () => {
    const documented = SECTIONS.flatMap(({ settings }) => settings);
    expect(new Set(documented)).toEqual(new Set(Object.values(SETTINGS)));
  });
});
