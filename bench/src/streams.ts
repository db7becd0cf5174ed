import { writeFile } from 'node:fs/promises';
import { Children } from './children';
import { failoverCase } from './failover-cases';
import { type StreamCase, figureTable } from './figure-table';
import { guideCase } from './guide-case';
import { hlsMixedCase } from './hls-mixed-case';
import { hostileCase } from './hostile-case';
import { hlsStartCase } from './hls-start-case';
import { memoryCase } from './memory-case';
import { machine } from './report';
import {
  parseStreamOptions,
  STREAM_USAGE,
  type StreamCaseName,
  type StreamContext,
  type StreamOptions,
} from './stream-options';

/** `npm run bench:streams`: measures viewers' streams while engines fail, and the cost of HLS. */

const INTERRUPTED = 130;

async function run(options: StreamOptions): Promise<void> {
  const children = new Children();
  const interruption = new AbortController();
  // The first signal ends after the current case, the second ends everything at once.
  const interrupt = (): void => {
    if (interruption.signal.aborted) process.exit(INTERRUPTED);
    interruption.abort();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  const seen: StreamCase[] = [];
  try {
    for (const name of options.cases) {
      if (interruption.signal.aborted) break;
      const result = await attempt(name, { children, options, signal: interruption.signal });
      if (result !== null) seen.push(result);
    }
    console.log(figureTable(seen));
    if (options.json !== null) await writeFile(options.json, asJson(seen));
    if (interruption.signal.aborted) process.exitCode = INTERRUPTED;
  } finally {
    children.killAll();
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}

/** A case that cannot be measured does not stop the others. */
async function attempt(name: StreamCaseName, context: StreamContext): Promise<StreamCase | null> {
  try {
    return await measure(name, context);
  } catch (error) {
    process.exitCode = 1;
    console.error(
      `${name}: not measured: ${error instanceof Error ? error.message : String(error)}`,
    );
    return null;
  }
}

function measure(name: StreamCaseName, context: StreamContext): Promise<StreamCase> {
  switch (name) {
    case 'kill':
    case 'freeze':
    case 'move':
      return failoverCase(name, context);
    case 'hls-start':
      return hlsStartCase(context);
    case 'hls-mixed':
      return hlsMixedCase(context);
    case 'hostile':
      return hostileCase(context);
    case 'memory':
      return memoryCase(context);
    case 'guide':
      return guideCase(context);
  }
}

function asJson(cases: readonly StreamCase[]): string {
  const facts = { measured_at: new Date().toISOString(), machine: machine() };
  return `${JSON.stringify({ ...facts, cases }, null, 2)}\n`;
}

function start(): Promise<void> {
  const options = parseStreamOptions(process.argv.slice(2));
  if (options !== null) return run(options);
  console.log(STREAM_USAGE);
  return Promise.resolve();
}

new Promise<void>((resolve) => resolve(start())).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
