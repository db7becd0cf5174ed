import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { SETTINGS } from './app-config';
import { FOREIGN_NAMES } from './foreign-names';
import { insertNameTables } from './name-tables';
import { type Setting } from './setting';

const page = readFileSync(join(__dirname, '../../docs/migrating.md'), 'utf8');

function rowsWith(name: string): string[] {
  return page.split('\n').filter((line) => line.startsWith('| ') && line.includes(`\`${name}\``));
}

describe('the tables of names in docs/migrating.md', () => {
  it('are up to date', () => {
    expect(insertNameTables(page)).toBe(page);
  });

  it('replace outdated ones', () => {
    expect(insertNameTables(page.replaceAll('`APP_PORT`', '`OLD`'))).toBe(page);
  });

  it('name every setting that an alias decides', () => {
    for (const { variable, aliases } of Object.values<Setting<unknown>>(SETTINGS)) {
      for (const name of aliases.flatMap(({ names }) => names)) {
        expect(rowsWith(name).join()).toContain(`\`${variable}\``);
      }
    }
  });

  it('contain every other name of acexy and acestream-orchestrator once', () => {
    const names = [...FOREIGN_NAMES.keys()];
    expect(names.filter((name) => rowsWith(name).length !== 1)).toEqual([]);
  });

  it('need their place in the page', () => {
    expect(() => insertNameTables('# Moving')).toThrow('prettier-ignore-start');
  });
});
