import { Settleable } from '../../../kernel/settleable';
import { Remembered } from './remembered';

describe('Remembered', () => {
  let finds: Settleable<string>[];
  let place: Remembered<string>;

  beforeEach(() => {
    finds = [];
    place = new Remembered(() => {
      const found = new Settleable<string>();
      finds.push(found);
      return found.promise;
    });
  });

  it('asks once for all, until it is forgotten', async () => {
    const both = [place.get(), place.get()];
    finds[0]?.resolve('here');
    expect(await Promise.all([...both, place.get()])).toEqual(['here', 'here', 'here']);
    expect(finds).toHaveLength(1);
    place.forget();
    const later = place.get();
    finds[1]?.resolve('there');
    expect(await later).toBe('there');
  });

  it('does not keep a failure', async () => {
    const first = place.get();
    finds[0]?.reject(new Error('away'));
    await expect(first).rejects.toThrow('away');
    void place.get();
    expect(finds).toHaveLength(2);
  });

  it('keeps the newer answer when one that was forgotten fails late', async () => {
    const old = place.get();
    place.forget();
    const now = place.get();
    finds[0]?.reject(new Error('away'));
    await expect(old).rejects.toThrow('away');
    expect(place.get()).toBe(now);
    expect(finds).toHaveLength(2);
  });
});
