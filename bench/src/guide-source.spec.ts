import { GUIDE_CHANNELS, guideParts } from './guide-source';

it('has the requested size, all channels and the same programmes for each', () => {
  const bytes = 8 * 1024 * 1024;
  const text = [...guideParts(bytes)].join('');
  expect(text.length).toBeGreaterThan(0.6 * bytes);
  expect(text.length).toBeLessThanOrEqual(bytes);
  expect(text.match(/<channel /g)).toHaveLength(GUIDE_CHANNELS);
  const programmes = text.match(/<programme start="\d{14} \+0000"/g) ?? [];
  expect(programmes.length % GUIDE_CHANNELS).toBe(0);
  expect(programmes.length).toBeGreaterThan(0);
});
