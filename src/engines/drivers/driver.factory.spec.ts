import { type DriverConfig, chooseDriver, createDriver } from './driver.factory';

const ADDRESS = { host: '127.0.0.1', port: 6878, apiPort: null };

function aConfig(over: Partial<DriverConfig> = {}): DriverConfig {
  return { engineDriver: 'auto', engineAddresses: [], minReplicas: 2, ...over };
}

describe('choice of the driver', () => {
  it.each<[Partial<DriverConfig>, string, string, boolean]>([
    [{ engineAddresses: [ADDRESS] }, 'static', 'ENGINE_ADDRESSES is set', false],
    [{}, 'simulator', 'ENGINE_ADDRESSES is empty, so only test pictures are played', true],
    [{ engineDriver: 'simulator' }, 'simulator', 'ENGINE_DRIVER=simulator', false],
    [
      { engineDriver: 'simulator', engineAddresses: [ADDRESS] },
      'simulator',
      'ENGINE_DRIVER=simulator',
      false,
    ],
    [
      { engineDriver: 'static', engineAddresses: [ADDRESS] },
      'static',
      'ENGINE_DRIVER=static',
      false,
    ],
  ])('%j takes %s: %s', (over, kind, why, isStopgap) => {
    const config = aConfig(over);
    const choice = chooseDriver(config);
    expect(choice).toEqual({ kind, why, isStopgap });
    expect(createDriver(choice, config).kind).toBe(kind);
  });

  it('refuses static without addresses', () => {
    const config = aConfig({ engineDriver: 'static' });
    expect(() => createDriver(chooseDriver(config), config)).toThrow('ENGINE_ADDRESSES');
  });
});
