import { loadConfig } from './config-loader';
import { LiveConfig, viewOf } from './live-config';

describe('LiveConfig', () => {
  it('changes the values in place, and calls each listener of a changed field once, afterwards', () => {
    const settings = new LiveConfig(loadConfig({}));
    const { values } = settings;
    const seen: unknown[] = [];
    settings.onChange(['maxReplicas', 'minReplicas'], () =>
      seen.push([values.minReplicas, values.maxReplicas]),
    );
    settings.onChange(['logLevel'], () => seen.push('log level'));
    const unsubscribe = settings.onChange(['maxReplicas'], () => seen.push('unsubscribed'));
    unsubscribe();
    settings.apply({ minReplicas: 3, maxReplicas: 9 });
    expect(seen).toEqual([[3, 9]]);
    expect(settings.values).toBe(values);
  });

  it('calls the other listeners when one throws, and reports that', () => {
    const settings = new LiveConfig(loadConfig({}));
    const called = jest.fn();
    settings.onChange(['maxReplicas'], () => {
      throw new Error('broken');
    });
    settings.onChange(['maxReplicas'], called);
    expect(() => settings.apply({ maxReplicas: 9 })).toThrow(AggregateError);
    expect(called).toHaveBeenCalledTimes(1);
  });
});

test('a view has the present values under other names', () => {
  const config = { proxyGracePeriodMs: 1, proxyMaxClients: 2 };
  const view = viewOf(config, { graceMs: 'proxyGracePeriodMs' });
  expect(view).toEqual({ graceMs: 1 });
  config.proxyGracePeriodMs = 5;
  expect(view.graceMs).toBe(5);
});
