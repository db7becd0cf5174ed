import { Logger } from '@nestjs/common';
import type { EngineDescription } from '../registry/engine.types';
import { StaticDriver } from './static-driver';

describe('StaticDriver', () => {
  it('announces each address once, under an id that is derived from it', async () => {
    const announced: EngineDescription[] = [];
    const driver = new StaticDriver(
      [
        { host: 'engine.lan', port: 6878, apiPort: null },
        { host: 'fd00::5', port: 6879, apiPort: 62062 },
      ],
      () => Promise.resolve(),
    );
    const unexpected = () => {
      throw new Error('a static engine is never lost');
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

  it('warns once about each name that does not resolve, and still announces its engine', async () => {
    const warn = jest.spyOn(Logger.prototype, 'warn').mockImplementation();
    const asked: string[] = [];
    const resolve = async (host: string): Promise<void> => {
      asked.push(host);
      await Promise.resolve();
      if (host === 'engin.lan') throw Object.assign(new Error('no'), { code: 'ENOTFOUND' });
    };
    const hosts = ['engin.lan', 'engine.lan', '10.0.0.1', 'fd00::5'];
    const announce = jest.fn();
    const addresses = [
      ...hosts.map((host) => ({ host, port: 6878, apiPort: null })),
      { host: 'engin.lan', port: 6879, apiPort: null },
    ];
    await new StaticDriver(addresses, resolve).start({
      announce,
      lose: jest.fn(),
      remove: jest.fn(),
    });
    await new Promise(setImmediate);
    expect(asked).toEqual(['engin.lan', 'engine.lan']);
    expect(announce).toHaveBeenCalledTimes(5);
    expect(warn.mock.calls).toEqual([
      ['engin.lan of ENGINE_ADDRESSES does not resolve (ENOTFOUND): is it misspelt?'],
    ]);
    warn.mockRestore();
  });

  it('fails with the missing setting when it has no address', () => {
    expect(() => new StaticDriver([])).toThrow('ENGINE_DRIVER=static needs ENGINE_ADDRESSES');
  });
});
