import * as fc from 'fast-check';
import {
  type EngineFacts,
  containerName,
  engineLabels,
  LABEL_PREFIX,
  labelFilter,
  readEngineLabels,
} from './engine-labels';

const port = fc.integer({ min: 1, max: 65_535 });
const maybePort = fc.option(port);
const word = fc.stringMatching(/^[a-zA-Z0-9._-]{1,20}$/);
const hex = (length: number) =>
  fc.string({
    unit: fc.constantFrom(...Array.from('0123456789abcdef')),
    minLength: length,
    maxLength: length,
  });

const facts: fc.Arbitrary<EngineFacts> = fc.record({
  instance: word,
  key: hex(12),
  specHash: hex(16),
  ports: fc.record({ http: port, https: maybePort, api: maybePort, p2p: maybePort }),
  publishedPort: maybePort,
  forwardedPort: maybePort,
  vpn: fc.option(fc.record({ vpn: word, containerId: hex(64), containerStartedAt: word })),
  version: word,
});

const FACTS: EngineFacts = {
  instance: 'home',
  key: '0123456789ab',
  specHash: 'ffffffffffffffff',
  ports: { http: 6878, https: null, api: 62_062, p2p: 8621 },
  publishedPort: null,
  forwardedPort: null,
  vpn: null,
  version: '1.2.3',
};
const LABELS = engineLabels(FACTS);
const labelled = (name: string, value: string) => ({ ...LABELS, [LABEL_PREFIX + name]: value });

describe('labels of an engine', () => {
  it('are parsed to the facts that they were written from', () => {
    fc.assert(
      fc.property(facts, (given) => expect(readEngineLabels(engineLabels(given))).toEqual(given)),
    );
  });

  it('all have one prefix', () => {
    fc.assert(
      fc.property(facts, (given) => {
        for (const name of Object.keys(engineLabels(given)))
          expect(name.startsWith(LABEL_PREFIX)).toBe(true);
      }),
    );
  });

  it('are found by the filter of their instance, and by no other', () => {
    const finds = (instance: string) =>
      labelFilter(instance).every((item) => {
        const [name = '', value] = item.split('=');
        return LABELS[name] === value;
      });
    expect(finds('home')).toBe(true);
    expect(finds('house')).toBe(false);
  });

  it('of other programs are ignored', () => {
    const more = { ...LABELS, 'com.example.a': 'b', [`${LABEL_PREFIX}of-tomorrow`]: 'c' };
    expect(readEngineLabels(more)).toEqual(FACTS);
  });

  it.each<[string, Record<string, string> | null | undefined]>([
    ['none', {}],
    ['null', null],
    ['undefined', undefined],
    ['not managed', labelled('managed', 'false')],
    ['no instance', labelled('instance', '')],
    ['no key of ours', labelled('engine', 'my-engine')],
    ['a key that is too long', labelled('engine', '0123456789ab0')],
    ['no spec', labelled('spec', '')],
    ['a port that is a word', labelled('http-port', 'http')],
    ['port 0', labelled('http-port', '0')],
    ['a port too high', labelled('api-port', '65536')],
    ['a negative port', labelled('p2p-port', '-1')],
    ['a broken port', labelled('published-port', '80.5')],
  ])('that are invalid belong to no engine: %s', (_, labels) => {
    expect(readEngineLabels(labels)).toBeNull();
  });

  it.each(['managed', 'instance', 'engine', 'spec', 'http-port'])('need %s', (name) => {
    const others = Object.fromEntries(
      Object.entries(LABELS).filter(([label]) => label !== LABEL_PREFIX + name),
    );
    expect(readEngineLabels(others)).toBeNull();
  });

  it('with an incomplete VPN describe an engine without one', () => {
    expect(readEngineLabels(labelled('vpn', 'gluetun'))?.vpn).toBeNull();
  });

  it('never make the parser throw', () => {
    const name = fc.oneof(
      fc.constantFrom(...Object.keys(LABELS), '__proto__', 'constructor'),
      fc.string(),
    );
    const labels = fc.dictionary(name, fc.oneof(fc.string(), fc.constantFrom('true', '6878')));
    fc.assert(
      fc.property(labels, (given) => {
        const read = readEngineLabels(given);
        expect(read === null || read.ports.http > 0).toBe(true);
        readEngineLabels({ ...LABELS, ...given });
      }),
    );
  });

  it('are not read from the prototype of the object', () => {
    expect(readEngineLabels(Object.create(LABELS) as Record<string, string>)).toBeNull();
  });
});

describe('containerName', () => {
  it.each([
    ['home-server', '0123456789ab', 'acefleet-homese-012345'],
    ['a', 'ff00', 'acefleet-a-ff00'],
    ['--', 'ff00', 'acefleet-ff00'],
  ])('%s, %s: %s', (instance, random, name) => {
    expect(containerName(instance, random)).toBe(name);
  });

  it('is a name that Docker accepts, for any instance id', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (instance) => {
        const name = containerName(instance, '0123456789ab');
        expect(name).toMatch(/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/);
        expect(name.length).toBeLessThanOrEqual(22);
      }),
    );
  });
});
