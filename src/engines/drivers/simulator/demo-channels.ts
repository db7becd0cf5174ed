import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { isHexId } from '../../../kernel/content-selector';
import type { DemoChannel } from '../engine-driver.port';

const TIMEOUT_MS = 10_000;
const MAX_OUTPUT_BYTES = 1024 * 1024;

/**
 * Asks the simulator which channels it always plays. Runs the simulator once for that, because no engine may be up yet.
 *
 * @throws Error when the simulator does not answer with a catalogue in time
 */
export async function readDemoChannels(script: string): Promise<DemoChannel[]> {
  const { stdout } = await promisify(execFile)(process.execPath, [script, '--print-catalogue'], {
    timeout: TIMEOUT_MS,
    maxBuffer: MAX_OUTPUT_BYTES,
  });
  const parsed: unknown = JSON.parse(stdout);
  if (!Array.isArray(parsed)) throw new Error('the catalogue of the simulator is not a list');
  return parsed.filter(isLive).map(parseChannel);
}

/** The catalogue also has recordings for tests; only its live channels are demo channels. */
function isLive(entry: unknown): boolean {
  return fieldsOf(entry).isLive === 1;
}

function fieldsOf(entry: unknown): Record<string, unknown> {
  return typeof entry === 'object' && entry !== null ? { ...entry } : {};
}

function parseChannel(entry: unknown): DemoChannel {
  const { id, name } = fieldsOf(entry);
  if (typeof id !== 'string' || !isHexId(id) || typeof name !== 'string') {
    throw new Error('the catalogue of the simulator has an entry without id or name');
  }
  return { id, name };
}
