import type { EngineLease } from '../../engines';
import { AppError } from '../../kernel/errors';
import type { SessionServices } from '../session';
import { EngineFailures } from './engine-failures';
import { startSource } from './source-start';

describe('the start of a recorded content', () => {
  it('gives the slot back when too many starts stand in line', async () => {
    let slots = 0;
    const lease = {
      engine: { id: 'one' },
      revoked: new AbortController().signal,
      release: () => (slots -= 1),
    } as unknown as EngineLease;
    const services = {
      engines: {
        acquire: () => {
          slots += 1;
          return Promise.resolve(lease);
        },
      },
      starts: {
        enter: () => {
          throw new AppError('no_capacity', 'Too many starts are queued.');
        },
      },
    } as unknown as SessionServices;
    const claimed = new Set<string>();
    const start = startSource(
      {
        streamId: 'film',
        selector: { kind: 'infohash', value: 'a'.repeat(40), fileIndex: 0 },
        busy: () => new Set(),
        claim: (engineId) => claimed.add(engineId).size > 0,
        unclaim: () => claimed.clear(),
        failures: new EngineFailures(),
        mayWait: false,
        startBudgetMs: 1000,
        signal: new AbortController().signal,
        tried: () => undefined,
      },
      services,
    );
    await expect(start).rejects.toMatchObject({ code: 'no_capacity' });
    expect({ slots, claimed: claimed.size }).toEqual({ slots: 0, claimed: 0 });
  });
});
