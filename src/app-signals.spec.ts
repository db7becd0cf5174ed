import { EndSignals, type EndSignal } from './app-signals';

describe('EndSignals', () => {
  let codes: number[];
  let received: EndSignal[];
  let signals: EndSignals;
  let send: (name: EndSignal) => void;

  beforeEach(() => {
    codes = [];
    received = [];
    signals = new EndSignals((code) => codes.push(code));
    const listeners = new Map<EndSignal, () => void>();
    signals.listen((name, listener) => listeners.set(name, listener));
    send = (name) => listeners.get(name)!();
  });

  const deliver = (): void => signals.deliver((name) => received.push(name));

  it('end a process at once before `remember`', () => {
    send('SIGINT');
    expect({ codes, received }).toEqual({ codes: [130], received: [] });
  });

  it('wait for a start in progress, once', () => {
    signals.remember();
    send('SIGTERM');
    expect(codes).toEqual([]);
    deliver();
    expect(received).toEqual(['SIGTERM']);
    send('SIGINT');
    expect({ codes, received }).toEqual({ codes: [], received: ['SIGTERM', 'SIGINT'] });
  });

  it('end the process at once on the second signal', () => {
    signals.remember();
    send('SIGTERM');
    send('SIGINT');
    expect(codes).toEqual([130]);
  });
});
