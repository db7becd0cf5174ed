import type { BreakerView } from './fleet.types';
import { type BlockFacts, provisioningBlock } from './provisioning-block';

const BREAKER: BreakerView = {
  state: 'open',
  failures: 5,
  threshold: 5,
  retryInMs: 1000,
  lastFailure: { code: 'port_conflict', message: 'port 19000 is taken', at: new Date() },
};

const FINE: BlockFacts = {
  linkDownMs: 0,
  linkReason: null,
  gate: { isOpen: false, retryInMs: 0, view: () => BREAKER },
  image: { reference: 'engine:1', state: 'present', progress: null, reason: null },
  placeBlocked: null,
};

const OPEN = { isOpen: true, retryInMs: 1000, view: () => BREAKER };
const PAUSED = { isOpen: false, retryInMs: 1000, view: () => BREAKER };
const MISSING = { ...FINE.image, state: 'missing', reason: 'no such host' } as const;

describe('what keeps engines from being made', () => {
  it.each<[string, Partial<BlockFacts>]>([
    ['all is well', {}],
    ['Docker was away for a moment', { linkDownMs: 2900 }],
    ['the image is being pulled', { image: { ...FINE.image, state: 'pulling' } }],
    ['nobody has looked for the image', { image: { ...FINE.image, state: 'unknown' } }],
    ['the image was missing, and may be tried again', { image: MISSING }],
  ])('nothing when %s', (_, over) => {
    expect(provisioningBlock({ ...FINE, ...over })).toBeNull();
  });

  it.each<[string, number | null, RegExp, Partial<BlockFacts>]>([
    [
      'docker_unavailable',
      null,
      /connection refused/,
      { linkDownMs: 3100, linkReason: 'connection refused' },
    ],
    [
      'docker_unavailable',
      null,
      /does not answer/,
      { linkDownMs: 60_000, gate: OPEN, image: MISSING },
    ],
    ['provisioning_blocked', 1000, /5 starts.*port 19000 is taken/, { gate: OPEN, image: MISSING }],
    [
      'image_missing',
      1000,
      /engine:1.*no such host/,
      { gate: PAUSED, image: MISSING, placeBlocked: 'no port' },
    ],
    ['provisioning_blocked', null, /no VPN/, { placeBlocked: 'no VPN works' }],
  ])('%s, with %p ms to go: %p', (code, retryInMs, message, over) => {
    const block = provisioningBlock({ ...FINE, ...over });
    expect(block).toMatchObject({ code, retryInMs });
    expect(block!.message).toMatch(message);
  });
});
