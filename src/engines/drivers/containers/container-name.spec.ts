import fc from 'fast-check';
import { containerName } from './container-name';

describe('containerName', () => {
  it.each([
    ['home-server', '0123456789ab', 'acefleet-homese-012345'],
    ['a', 'ff00', 'acefleet-a-ff00'],
    ['--', 'ff00', 'acefleet-ff00'],
  ])('%s, %s: %s', (instance, random, name) => {
    expect(containerName(instance, random)).toBe(name);
  });

  it('is a name that Docker takes, whatever the instance is called', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (instance) => {
        const name = containerName(instance, '0123456789ab');
        expect(name).toMatch(/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/);
        expect(name.length).toBeLessThanOrEqual(22);
      }),
    );
  });
});
