import { loadConfig } from '../../config';
import { EventBus } from '../../events';
import { EngineRegistry } from '../registry/engine-registry';
import { UnmanagedFleet } from './unmanaged-fleet';

describe('UnmanagedFleet', () => {
  const fleet = new UnmanagedFleet(loadConfig({}), new EngineRegistry(new EventBus()));

  it('has a status', () => {
    expect(fleet.status()).toMatchObject({ runtime: null, link: null, present: 0, blocked: null });
  });

  it.each([
    ['provision', () => fleet.provision()],
    ['scaleTo', () => fleet.scaleTo()],
    ['remove', () => fleet.remove()],
    ['restart', () => fleet.restart()],
    ['logs', () => fleet.logs()],
    ['usage', () => fleet.usage()],
    ['seen', () => fleet.observed()],
    ['collectGarbage', () => fleet.collectGarbage()],
    ['resetBreaker', () => fleet.resetBreaker()],
  ] as const)('refuses %s', async (_, call) => {
    await expect((async () => call())()).rejects.toMatchObject({ code: 'not_managed' });
  });
});
