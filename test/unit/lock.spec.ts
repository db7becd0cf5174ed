import { readText } from './repository';

interface Entry {
  readonly version?: string;
  readonly integrity?: string;
  readonly resolved?: string;
  readonly link?: boolean;
  readonly inBundle?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}
type Packages = Readonly<Record<string, Entry>>;

const { packages } = JSON.parse(readText('package-lock.json')) as { packages: Packages };
const manifest = JSON.parse(readText('package.json')) as Entry;

/**
 * Packages that must be found from a package, including those that only other platforms install, which npm may leave
 * out of a lock.
 */
function needsOf(entry: Entry): string[] {
  const isRequired = (name: string) => entry.peerDependenciesMeta?.[name]?.optional !== true;
  return [
    ...Object.keys(entry.dependencies ?? {}),
    ...Object.keys(entry.optionalDependencies ?? {}),
    ...Object.keys(entry.devDependencies ?? {}),
    ...Object.keys(entry.peerDependencies ?? {}).filter(isRequired),
  ];
}

/** True if Node.js would find the module: it searches from the package's own folder upwards. */
function isFound(from: string, name: string): boolean {
  const folder = from === '' ? '' : `${from}/`;
  if (`${folder}node_modules/${name}` in packages) return true;
  const above = from.lastIndexOf('/node_modules/');
  if (above >= 0) return isFound(from.slice(0, above), name);
  return from !== '' && isFound('', name);
}

describe('package-lock.json', () => {
  it('contains the dependencies of package.json', () => {
    expect(packages['']).toMatchObject({
      dependencies: manifest.dependencies,
      devDependencies: manifest.devDependencies,
    });
  });

  it('has an entry for every dependency of a package on any platform', () => {
    const missing = Object.entries(packages).flatMap(([path, entry]) =>
      needsOf(entry)
        .filter((name) => !isFound(path, name))
        .map((name) => `${path || 'acefleet'} needs ${name}`),
    );
    expect(missing).toEqual([]);
  });

  it('has checksums, and names no registry', () => {
    const odd = Object.entries(packages).filter(
      ([path, { version, integrity, resolved, link, inBundle }]) =>
        path !== '' &&
        (version === undefined ||
          (integrity === undefined && inBundle !== true) ||
          resolved !== undefined ||
          link === true),
    );
    expect(odd.map(([path]) => path)).toEqual([]);
  });
});
