import type { EngineDescription } from '../engine.types';
import { StaticDriver } from './static.driver';

describe('StaticDriver', () => {
  it('announces each address once, under an id made of it', async () => {
    const announced: EngineDescription[] = [];
    const driver = new StaticDriver([
      { host: 'engine.lan', port: 6878, apiPort: null },
      { host: 'fd00::5', port: 6879, apiPort: 62062 },
    ]);
    const unexpected = () => {
      throw new Error('a static engine is never taken away');
    };
    await driver.start({
      announce: (description) => announced.push(description),
      lose: unexpected,
      remove: unexpected,
    });
    await driver.stop();
    expect(announced).toEqual([
      expect.objectContaining({
        id: 'static-engine.lan-6878',
        endpoint: { host: 'engine.lan', port: 6878 },
        apiPort: null,
      }),
      expect.objectContaining({
        id: 'static-fd00::5-6879',
        endpoint: { host: 'fd00::5', port: 6879 },
        apiPort: 62062,
      }),
    ]);
  });

  it('says what is missing when it has no address', () => {
    expect(() => new StaticDriver([])).toThrow('ENGINE_DRIVER=static needs ENGINE_ADDRESSES');
  });
});
