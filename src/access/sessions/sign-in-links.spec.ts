import { LINK_LIFETIME_MS, MAX_LINKS, SignInLinks } from './sign-in-links';

describe('SignInLinks', () => {
  let now: number;
  let links: SignInLinks;

  beforeEach(() => {
    now = 0;
    links = SignInLinks.withClock(() => now);
  });

  /** The token of a new link. */
  const newToken = (): string => /^\/login#token=([\w-]{43})$/.exec(links.create())![1]!;

  it('work once', () => {
    const token = newToken();
    expect(links.redeem(token)).toBe(true);
    expect(links.redeem(token)).toBe(false);
    expect(links.redeem('')).toBe(false);
  });

  it('work for 10 minutes', () => {
    const [first, second] = [newToken(), newToken()];
    now = LINK_LIFETIME_MS - 1;
    expect(links.redeem(first)).toBe(true);
    now = LINK_LIFETIME_MS;
    expect(links.redeem(second)).toBe(false);
  });

  it('are bounded: the oldest becomes invalid', () => {
    const tokens = Array.from({ length: MAX_LINKS + 1 }, newToken);
    expect(tokens.map((token) => links.redeem(token))).toEqual([
      false,
      ...tokens.slice(1).map(() => true),
    ]);
  });
});
