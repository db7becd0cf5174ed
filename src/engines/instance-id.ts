import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { obtainKeptText } from '../coordination';
import { EngineDriverError } from './drivers/engine-driver.port';

const ID_FILE = 'instance';
const ID_BYTES = 8;
const ID_FORM = /^[0-9a-f]{16}$/;

/**
 * Who we are to others on the same Docker Engine: 16 hex digits, made at the first start and kept in the data
 * folder. Engines carry it, so each product finds its own again and leaves the others' alone.
 *
 * @throws EngineDriverError when the folder cannot be used or the file holds something else
 */
export async function obtainInstanceId(dataDir: string): Promise<string> {
  const path = join(dataDir, ID_FILE);
  const id = await obtainKeptText(path, () => randomBytes(ID_BYTES).toString('hex')).catch(
    (cause: unknown) => {
      const reason = cause instanceof Error ? cause.message : String(cause);
      throw new EngineDriverError(`the id of this instance cannot be kept in ${path}: ${reason}`, {
        cause,
      });
    },
  );
  if (!ID_FORM.test(id)) {
    throw new EngineDriverError(`${path} does not hold 16 hex digits; remove it to get a new one`);
  }
  return id;
}
