import { type RouteOptions } from './fastify.types';

interface KnownRoute {
  readonly methods: ReadonlySet<string>;
  readonly path: RegExp;
}

/** Every route of the program, to distinguish a wrong method (405) from a wrong address (404). */
export class RouteTable {
  private readonly routes: KnownRoute[] = [];

  add(route: Pick<RouteOptions, 'method' | 'url'>): void {
    const methods = new Set([route.method].flat());
    this.routes.push({ methods, path: toPathPattern(route.url) });
  }

  /** Returns the methods of the address in `url`, sorted. Empty if `method` is one of them. */
  otherMethods(method: string, url: string): string[] {
    const path = url.split('?', 1)[0] ?? '';
    const methods = this.routes
      .filter((route) => route.path.test(path))
      .flatMap((route) => [...route.methods]);
    return methods.includes(method) ? [] : [...new Set(methods)].sort();
  }
}

/**
 * `/a/:id` matches one path segment, `/a/*` everything below `/a/`. No parameter of the program has a pattern of its
 * own.
 */
function toPathPattern(url: string): RegExp {
  const pattern = url
    .split(/(:\w+|\*)/)
    .map((part) => {
      if (part === '*') return '.*';
      if (part.startsWith(':')) return '[^/]+';
      return part.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
    })
    .join('');
  return new RegExp(`^${pattern}$`);
}
