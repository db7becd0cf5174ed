import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Product } from './product';
import { temporaryFolder } from './programs';
import { eventually } from './wait';

const HOOK = join(__dirname, 'module-journal.cjs');

export interface ModuleJournal {
  /** Settings with which the product must be started. */
  readonly env: Readonly<Record<string, string>>;
  /** Names of the packages from which a running product has loaded code, and the paths of its own modules. */
  readonly loaded: (product: Product) => Promise<ReadonlySet<string>>;
}

/** Reads the loaded modules from a product's module cache. */
export function keepModuleJournal(): ModuleJournal {
  const file = join(temporaryFolder(), 'modules');
  return {
    env: { NODE_OPTIONS: `--require ${HOOK}`, MODULE_JOURNAL: file },
    loaded: async (product) => {
      product.kill('SIGUSR2');
      await eventually(() => existsSync(file), 20_000, 'the list of modules');
      const paths = readFileSync(file, 'utf8').split('\n');
      return new Set(paths.map((path) => nameOf(path)));
    },
  };
}

function nameOf(path: string): string {
  const [, name] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path) ?? [];
  return name ?? path.replace(/^.*\/dist\//, '');
}
