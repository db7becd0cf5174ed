import { faultOfError, faultOfKnownText, quoteEngine } from './engine-fault-table';

describe('engine fault table', () => {
  it.each([
    ['failed to load content', 'content'],
    ['Cannot load transport file', 'content'],
    ['cannot get transport file', 'content'],
    ['failed to get manifest', 'content'],
    ['failed to start', 'content'],
    ['unknown protocol', 'content'],
    ['unknown playback session id', 'session'],
    ['got newer download', 'session'],
    ['start timeout', 'warming'],
    ['  Download Not  Found\n', 'warming'],
    ['access denied', 'engine'],
    ['auth_error', 'engine'],
    ['unknown method', 'engine'],
    ['an unknown text', 'engine'],
    ['', 'engine'],
  ])('%j counts as a fault of kind %s', (text, kind) => {
    expect(faultOfError(text).kind).toBe(kind);
  });

  it('reads errors that are objects', () => {
    const fault = faultOfError({ message: 'cannot get transport file', code: 0 });
    expect(fault).toMatchObject({ kind: 'content', reason: 'cannot_get_transport_file' });
  });

  it.each([{}, { message: 7 }, 42, true, []])('keeps %j as an unknown error', (error) => {
    expect(faultOfError(error)).toMatchObject({ kind: 'engine', reason: 'unknown_error' });
  });

  it('returns no fault for a text that is not in the table', () => {
    expect(faultOfKnownText('<html>oops</html>')).toBeNull();
  });

  it('quotes without control characters and within 200 characters', () => {
    const quoted = quoteEngine(`a\r\n\u001b[31mb\u0000${'c'.repeat(10_000)}`);
    expect(quoted).toMatch(/^a \[31mb c+$/);
    expect(quoted).toHaveLength(200);
  });
});
