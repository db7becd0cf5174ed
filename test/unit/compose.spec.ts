import { SETTINGS } from '../../src/config/app-config';
import { readText } from './repository';

/**
 * Settings that docker-compose.yml sets itself: where the container listens and keeps its data, and how it reaches its
 * engines.
 */
const DECIDED = [
  ...['HOST', 'PORT', 'DATA_DIR', 'ENGINE_DRIVER', 'ENGINE_ADDRESSES', 'SWARM_CONSTRAINTS'],
  ...['DOCKER_HOST', 'DOCKER_NETWORK', 'ENGINE_REACH'],
];

/** A variable that Node.js reads: the time zone. */
const OF_NODE = 'TZ';

/** Names of the product's variables in the file; `passed`: those whose value is passed from outside if set. */
function variables(): { readonly all: string[]; readonly passed: string[] } {
  const [, product = ''] =
    /\n {2}acefleet:\n(.*?)\n {2}\S/s.exec(readText('docker-compose.yml')) ?? [];
  const [, block = ''] = /\n {4}environment:\n(.*?)\n {4}\S/s.exec(product) ?? [];
  const lines = [...block.matchAll(/^ {6}([A-Z_]+):(.*)$/gm)];
  const passed = lines.filter(([, , value]) => value === '');
  return { all: lines.map(([, name = '']) => name), passed: passed.map(([, name = '']) => name) };
}

describe('docker-compose.yml', () => {
  it('passes on every setting that it does not set itself', () => {
    const names = Object.values(SETTINGS).map(({ variable }) => variable);
    const expected = names.filter((name) => !DECIDED.includes(name));
    expect(variables().passed.sort()).toEqual([...expected, OF_NODE].sort());
  });

  it('contains no unknown setting', () => {
    const names: string[] = [...Object.values(SETTINGS).map(({ variable }) => variable), OF_NODE];
    expect(variables().all.filter((name) => !names.includes(name))).toEqual([]);
  });
});
