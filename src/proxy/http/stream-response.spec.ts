import { behindHeaders } from './stream-response';

describe('behindHeaders', () => {
  it('gives the seconds with one decimal, or no header', () => {
    expect(behindHeaders(null)).toEqual({});
    expect(behindHeaders(20_449)).toEqual({ 'X-Stream-Behind': '20.4' });
    expect(behindHeaders(0)).toEqual({ 'X-Stream-Behind': '0.0' });
  });
});
