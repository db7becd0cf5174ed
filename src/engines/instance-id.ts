import { randomBytes } from 'node:crypto';
import type { DataFolder } from '../storage';
import { EngineDriverError } from './drivers/engine-driver.port';

const ID_FILE = 'instance';
const ID_BYTES = 8;
const ID_FORM = /^[0-9a-f]{16}$/;

/** Whether a text is the id of an installation. Labels of containers, where ids are read, may hold anything. */
export function isInstanceId(text: string): boolean {
  return ID_FORM.test(text);
}

/**
 * Who we are to others on the same Docker Engine: 16 hex digits, made at the first start and kept in the data
 * folder. Engines carry it, so each product finds its own again and leaves the others' alone.
 *
 * @throws EngineDriverError when the folder cannot be used
 */
export async function obtainInstanceId(folder: DataFolder): Promise<string> {
  const file = folder.file({
    name: ID_FILE,
    parse: parseId,
    ifLost:
      'there is no usable copy, so a new id is generated: running engines now belong to another installation',
    isMadeAnewWhenMissing: true,
  });
  try {
    return await file.obtain(() => `${randomBytes(ID_BYTES).toString('hex')}\n`);
  } catch (cause) {
    const path = folder.pathOf(ID_FILE);
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EngineDriverError(`the id of this instance cannot be kept in ${path}: ${reason}`, {
      cause,
    });
  }
}

function parseId(text: string): string {
  const id = text.trim();
  if (!isInstanceId(id)) throw new Error('it does not contain 16 hex digits');
  return id;
}
