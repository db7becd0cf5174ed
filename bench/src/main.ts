import { writeFile } from 'node:fs/promises';
import { type BenchContext, runCase } from './case-run';
import { CASES } from './cases';
import { Children } from './children';
import { type BenchOptions, parseOptions, USAGE } from './options';
import { type CaseResult, machine, printedReport, rows, SERVER_NAMES } from './report';
import { startEngine } from './servers';

const MBIT_PER_SECOND = 8;
const INTERRUPTED = 130;

async function run(options: BenchOptions): Promise<void> {
  const children = new Children();
  const interruption = new AbortController();
  // The first signal ends after the current case, the second ends everything at once.
  const interrupt = (): void => {
    if (interruption.signal.aborted) process.exit(INTERRUPTED);
    interruption.abort();
  };
  process.on('SIGINT', interrupt);
  process.on('SIGTERM', interrupt);
  try {
    const { signal } = interruption;
    const enginePort = await startEngine(children, MBIT_PER_SECOND, signal);
    const results = await measure({ children, enginePort, options, signal });
    console.log(`\n${printedReport(results, MBIT_PER_SECOND)}`);
    if (options.json !== null) await writeFile(options.json, asJson(results));
  } catch (error) {
    if (!interruption.signal.aborted) throw error;
    process.exitCode = INTERRUPTED;
  } finally {
    children.killAll();
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
  }
}

/** Runs each case with both servers one after the other, so that a change of the machine's speed affects both. */
async function measure(context: BenchContext): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const benchCase of CASES.filter(({ name }) => context.options.cases.includes(name))) {
    const result: CaseResult = { benchCase, measured: {} };
    for (const server of context.options.servers) {
      process.stderr.write(`${benchCase.title}: ${SERVER_NAMES[server]} …\n`);
      result.measured[server] = await runCase(benchCase, server, context);
    }
    results.push(result);
  }
  return results;
}

function asJson(results: readonly CaseResult[]): string {
  const cases = results.map(({ benchCase, measured }) => ({ name: benchCase.name, measured }));
  const facts = { measured_at: new Date().toISOString(), machine: machine() };
  return `${JSON.stringify({ ...facts, rows: rows(results), cases }, null, 2)}\n`;
}

function start(): Promise<void> {
  const options = parseOptions(process.argv.slice(2));
  if (options !== null) return run(options);
  console.log(USAGE);
  return Promise.resolve();
}

new Promise<void>((resolve) => resolve(start())).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
