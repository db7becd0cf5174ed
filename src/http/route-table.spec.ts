import { RouteTable } from './route-table';

describe('RouteTable', () => {
  const table = new RouteTable();
  table.add({ method: 'GET', url: '/engines/:id' });
  table.add({ method: ['DELETE', 'GET'], url: '/engines/:id' });
  table.add({ method: 'POST', url: '/engines/:id/drain' });
  table.add({ method: 'GET', url: '/docs/*' });
  table.add({ method: 'GET', url: '/a.b' });

  it.each([
    ['POST', '/engines/x?a=1', ['DELETE', 'GET']],
    ['GET', '/engines/x', []],
    ['GET', '/engines/x/drain', ['POST']],
    ['GET', '/engines/x/y/drain', []],
    ['PUT', '/docs/a/b', ['GET']],
    ['PUT', '/aXb', []],
    ['PUT', '/', []],
  ])('%s %s', (method, url, others) => {
    expect(table.otherMethods(method, url)).toEqual(others);
  });
});
