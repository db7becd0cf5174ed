import { slotLimit, type SlotLimitConfig } from './slot-limit';

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
