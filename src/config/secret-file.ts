import { closeSync, openSync, readSync } from 'node:fs';

const MAX_BYTES = 64 * 1024;

/** The text of a secret, or why there is none, as text that can follow "is not valid:". */
export type SecretText = { readonly text: string } | { readonly fault: string };

/**
 * Reads a secret from a file, as Docker and systemd provide it. One line break at the end is not part of the secret,
 * because most editors and `echo` append it.
 */
export function readSecretFile(path: string): SecretText {
  try {
    const bytes = readStart(path, MAX_BYTES + 1);
    if (bytes.length > MAX_BYTES) return { fault: 'the file is longer than 64 KiB' };
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes).replace(/\r?\n$/, '');
    return text === '' ? { fault: 'the file is empty' } : { text };
  } catch (error) {
    return { fault: describeFault((error as NodeJS.ErrnoException).code ?? String(error)) };
  }
}

/** Reads at most `maxBytes`, because the path may be a device without an end. */
function readStart(path: string, maxBytes: number): Buffer {
  const file = openSync(path, 'r');
  try {
    const buffer = Buffer.alloc(maxBytes);
    let length = 0;
    while (length < maxBytes) {
      const count = readSync(file, buffer, length, maxBytes - length, null);
      if (count === 0) break;
      length += count;
    }
    return buffer.subarray(0, length);
  } finally {
    closeSync(file);
  }
}

function describeFault(code: string): string {
  switch (code) {
    case 'ENOENT':
    case 'ENOTDIR':
      return 'the file does not exist';
    case 'EACCES':
    case 'EPERM':
      return `the user of this process may not read the file (${code})`;
    case 'EISDIR':
      // Docker creates a folder if the file of a bind mount is missing.
      return 'it is a folder, not a file';
    case 'ERR_ENCODING_INVALID_ENCODED_DATA':
      return 'the file is not UTF-8 text';
    default:
      return `the file cannot be read (${code})`;
  }
}
