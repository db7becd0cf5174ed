import { LINK_LIFETIME_MS, MAX_LINKS, SignInLinks } from './sign-in-links';

describe('SignInLinks', () => {
  let now: number;
  let links: SignInLinks;

  beforeEach(() => {
    now = 0;
    links = SignInLinks.withClock(() => now);
  });

  /** The token of a new link. */
  const newToken = (): string => /^\/login#token=([\w-]{43})$/.exec(links.create('k1'))![1]!;

  it('work once', () => {
    const token = newToken();
    expect(links.redeem(token)).toMatchObject({ keyId: 'k1' });
    expect(links.redeem(token)).toBeNull();
    expect(links.redeem('')).toBeNull();
  });

  it('work for 10 minutes', () => {
    const [first, second] = [newToken(), newToken()];
    now = LINK_LIFETIME_MS - 1;
    expect(links.redeem(first)).not.toBeNull();
    now = LINK_LIFETIME_MS;
    expect(links.redeem(second)).toBeNull();
  });

  it('are bounded: the oldest becomes invalid', () => {
    const tokens = Array.from({ length: MAX_LINKS + 1 }, newToken);
    expect(tokens.map((token) => links.redeem(token) !== null)).toEqual([
      false,
      ...tokens.slice(1).map(() => true),
    ]);
  });
});
