import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataFolder } from './data-folder';
import { SmallValues } from './small-values';

it('keeps the last value of each name over a restart', async () => {
  const path = mkdtempSync(join(tmpdir(), 'small-values-'));
  let folder = new DataFolder(path);
  const first = new SmallValues(folder);
  expect(await first.get('a')).toBeNull();
  first.set('a', 'one');
  first.set('b', 'other');
  first.set('a', 'two');
  await first.close();
  await folder.close();
  folder = new DataFolder(path);
  const second = new SmallValues(folder);
  expect([await second.get('a'), await second.get('b')]).toEqual(['two', 'other']);
  await folder.close();
  rmSync(path, { recursive: true });
});
