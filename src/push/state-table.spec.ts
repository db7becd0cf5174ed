import { StateTable } from './state-table';

describe('StateTable', () => {
  let table: StateTable;

  beforeEach(() => {
    table = new StateTable();
  });

  it('tells all fields of a new entry, and then those that have changed', () => {
    expect(table.update('a', { state: 'live', clients: 1 }, 1)).toEqual({
      state: 'live',
      clients: 1,
    });
    expect(table.update('a', { state: 'live', clients: 1 }, 2)).toBeNull();
    expect(table.update('a', { state: 'live', clients: 2 }, 3)).toEqual({ clients: 2 });
    expect(table.update('b', {}, 4)).toEqual({});
    expect(JSON.parse(table.toJson())).toEqual([
      { id: 'a', rev: 3, state: 'live', clients: 2 },
      { id: 'b', rev: 4 },
    ]);
    table.remove('a');
    expect(table.fieldsOf('a')).toBeNull();
    expect(table.update('a', { state: 'live' }, 5)).toEqual({ state: 'live' });
  });

  it('compares what is nested', () => {
    table.update('a', { attempts: [{ outcome: null }], error: null }, 1);
    expect(table.update('a', { attempts: [{ outcome: 'ok' }], error: null }, 2)).toEqual({
      attempts: [{ outcome: 'ok' }],
    });
    expect(table.update('a', { attempts: [{ outcome: 'ok' }, {}], error: {} }, 3)).toEqual({
      attempts: [{ outcome: 'ok' }, {}],
      error: {},
    });
  });

  it('takes times that differ by the error of two clocks as the same moment', () => {
    const at = (startedAt: string, state = 'live') => ({
      state,
      timeline: { started_at: startedAt },
      seen: [startedAt],
    });
    table.update('a', at('2030-01-01T00:00:00.999Z'), 1);
    expect(table.update('a', at('2030-01-01T00:00:01.000Z'), 2)).toBeNull();
    expect(table.update('a', at('2030-01-01T00:00:01.001Z', 'grace'), 3)).toEqual({
      state: 'grace',
    });
    expect(table.update('a', at('2030-01-01T00:00:09.000Z', 'grace'), 4)).toEqual({
      timeline: { started_at: '2030-01-01T00:00:09.000Z' },
      seen: ['2030-01-01T00:00:09.000Z'],
    });
  });
});
