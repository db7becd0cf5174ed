import { slotLimit, type SlotLimitConfig, slotsKeptFree } from './slot-limit';

const ADDRESSES = [
  { host: 'a', port: 6878 },
  { host: 'b', port: 6878 },
] as never;
const CONFIG: SlotLimitConfig = {
  engineDriver: 'auto',
  engineAddresses: [],
  maxReplicas: 6,
  maxStreamsPerEngine: 3,
};

it.each<[string, Partial<SlotLimitConfig>, number]>([
  ['engines that acefleet runs', {}, 18],
  ['engines that it lists', { engineAddresses: ADDRESSES }, 6],
  ['listed engines that are not used', { engineAddresses: ADDRESSES, engineDriver: 'docker' }, 18],
])('counts the slots of %s', (_, changes, expected) => {
  expect(slotLimit({ ...CONFIG, ...changes })).toBe(expected);
});

it.each<[string, Parameters<typeof slotsKeptFree>[0], number]>([
  ['a fleet with one engine kept free', { ...CONFIG, minFreeReplicas: 1 }, 3],
  ['a fleet without', { ...CONFIG, minFreeReplicas: 0 }, 0],
  [
    'a fleet of one engine, which would be all',
    { ...CONFIG, minFreeReplicas: 1, maxReplicas: 1 },
    0,
  ],
  ['engines that it lists', { ...CONFIG, minFreeReplicas: 1, engineAddresses: ADDRESSES }, 0],
])('counts the slots that are kept free in %s', (_, config, expected) => {
  expect(slotsKeptFree(config)).toBe(expected);
});
