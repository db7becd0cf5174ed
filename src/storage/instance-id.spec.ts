import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DataFolder } from './data-folder';
import { obtainInstanceId as obtainId } from './instance-id';

describe('the id of this instance', () => {
  let folder: string;
  const obtainInstanceId = async (path: string): Promise<string> => {
    const data = new DataFolder(path);
    try {
      return await obtainId(data);
    } finally {
      await data.close();
    }
  };

  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'instance-id-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is generated once per folder, and differs between folders', async () => {
    const [one, again] = await Promise.all([obtainInstanceId(folder), obtainInstanceId(folder)]);
    expect(one).toMatch(/^[0-9a-f]{16}$/);
    expect(again).toBe(one);
    expect(await obtainInstanceId(join(folder, 'other'))).not.toBe(one);
  });

  it.each(['', 'mine', '\0'.repeat(17)])('is restored when the file holds %j', async (text) => {
    const id = await obtainInstanceId(folder);
    writeFileSync(join(folder, 'instance'), text);
    expect(await obtainInstanceId(folder)).toBe(id);
  });

  it('is generated again if file and copy are damaged, with a line in the log', async () => {
    writeFileSync(join(folder, 'instance'), 'mine');
    const data = new DataFolder(folder);
    expect(await obtainId(data)).toMatch(/^[0-9a-f]{16}$/);
    await data.close();
    expect(data.unlogged).toEqual([expect.stringMatching(/^instance is damaged: .*a new id/)]);
  });

  it('reports in one line that the folder cannot be used', async () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    await expect(obtainInstanceId(file)).rejects.toThrow(/instance.*cannot be kept|ENOTDIR/);
  });
});
