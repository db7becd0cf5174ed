import { randomBytes } from 'node:crypto';
import type { DataFolder } from './data-folder';

const ID_FILE = 'instance';
const ID_BYTES = 8;
const ID_FORM = /^[0-9a-f]{16}$/;

/** The id can neither be read nor saved; the message is a line for the operator. */
export class InstanceIdError extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'InstanceIdError';
  }
}

/** True for an id of an installation. Ids are also read from labels of containers, which may contain anything. */
export function isInstanceId(text: string): boolean {
  return ID_FORM.test(text);
}

/**
 * The id of this installation: 16 hex digits, generated at the first start and kept in the data folder. It marks
 * engines on a shared Docker Engine and jobs in a shared Redis, so that each installation finds its own and leaves
 * the others alone.
 *
 * @throws InstanceIdError if the folder cannot be used
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
    throw new InstanceIdError(`the id of this instance cannot be kept in ${path}: ${reason}`, {
      cause,
    });
  }
}

function parseId(text: string): string {
  const id = text.trim();
  if (!isInstanceId(id)) throw new Error('it does not contain 16 hex digits');
  return id;
}
