import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { obtainInstanceId } from './instance-id';

describe('the id of this instance', () => {
  let folder: string;

  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'instance-id-'))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it('is made once for a folder, and another one for another', async () => {
    const [one, again] = await Promise.all([obtainInstanceId(folder), obtainInstanceId(folder)]);
    expect(one).toMatch(/^[0-9a-f]{16}$/);
    expect(again).toBe(one);
    expect(await obtainInstanceId(join(folder, 'other'))).not.toBe(one);
  });

  it('is not guessed from a file that holds something else', async () => {
    writeFileSync(join(folder, 'instance'), 'mine');
    await expect(obtainInstanceId(folder)).rejects.toThrow('does not hold 16 hex digits');
  });

  it('says in a line that the folder cannot be used', async () => {
    mkdirSync(join(folder, 'instance'));
    await expect(obtainInstanceId(folder)).rejects.toThrow(/instance.*cannot be kept|EISDIR/);
  });
});
