import type { IncomingMessage, ServerResponse } from 'node:http';
import {
  answer,
  FakeDocker,
  type Behaviour,
  refuse,
} from '../docker-client/fake-docker.spec-support';

/** The calls that a program makes while it creates engines. */
export type ToyVerb =
  'list' | 'inspect' | 'create' | 'start' | 'remove' | 'image' | 'pull' | 'version';

/** A failure of one kind of call. */
export interface Trouble {
  readonly verb: ToyVerb;
  readonly behaviour: Behaviour;
  /** True if the call has its effect, and only its answer is spoilt. */
  readonly isDone?: boolean;
  /** Number of calls that fail; all calls if left out. */
  readonly times?: number;
}

interface ToyContainer {
  readonly id: string;
  readonly name: string;
  readonly options: ToyOptions;
  status: 'created' | 'running' | 'exited';
  startedAt: string;
  /** Status text as in Docker's list. */
  words: string;
}

interface ToyOptions {
  readonly Image: string;
  readonly Labels: Readonly<Record<string, string>>;
  readonly HostConfig: { readonly PortBindings?: Record<string, { HostPort: string }[]> };
}

const NEVER = '0001-01-01T00:00:00Z';

/** A Docker Engine that keeps its containers in a map and can be told to fail. */
export class ToyDaemon {
  readonly containers = new Map<string, ToyContainer>();
  readonly images = new Set(['toy/engine:1']);
  /** Ports that other programs use. */
  readonly foreignPorts = new Set<number>();
  readonly foreignNames = new Set<string>();
  pulls: Behaviour = refuse(404, 'manifest unknown');
  /** Architecture of its machine, under Go's name. */
  arch = 'amd64';
  /** Called before each call is answered. */
  onCall: (verb: ToyVerb) => void = () => undefined;
  private troubles: { trouble: Trouble; left: number }[] = [];
  private readonly counts = new Map<ToyVerb, number>();
  private lastId = 0;

  private constructor(private readonly fake: FakeDocker) {
    fake.behaviour = (request, response) => this.receive(request, response);
  }

  static async open(): Promise<ToyDaemon> {
    return new ToyDaemon(await FakeDocker.open());
  }

  get dockerHost(): string {
    return this.fake.dockerHost;
  }

  close(): Promise<void> {
    return this.fake.close();
  }

  /** Number of calls of this kind. */
  count(verb: ToyVerb): number {
    return this.counts.get(verb) ?? 0;
  }

  /** From now on these failures happen, and no others. */
  trouble(...troubles: Trouble[]): void {
    this.troubles = troubles.map((trouble) => ({ trouble, left: trouble.times ?? Infinity }));
  }

  private receive(request: IncomingMessage, response: ServerResponse): void {
    const received = this.fake.received.at(-1);
    if (received === undefined) throw new Error('the request was not recorded');
    const { method, path, query, body } = received;
    const [verb, deed] = this.route(method, path, query, body);
    this.onCall(verb);
    this.counts.set(verb, this.count(verb) + 1);
    const struck = this.troubles.find(({ trouble, left }) => trouble.verb === verb && left > 0);
    if (struck === undefined) {
      deed()(request, response);
      return;
    }
    struck.left -= 1;
    if (struck.trouble.isDone === true) deed();
    struck.trouble.behaviour(request, response);
  }

  private route(
    method: string,
    path: string,
    query: URLSearchParams,
    body: unknown,
  ): [ToyVerb, () => Behaviour] {
    const id = /^\/containers\/(\w+)/.exec(path)?.[1] ?? '';
    const image = /^\/images\/(.+)\/json$/.exec(path)?.[1];
    if (image !== undefined) return ['image', () => this.image(decodeURIComponent(image))];
    if (path === '/images/create') return ['pull', () => this.pulls];
    if (path === '/version')
      return ['version', () => answer(200, { Version: '20', Arch: this.arch })];
    if (path === '/info') return ['version', () => answer(200, { ID: 'toy', Name: 'toy' })];
    if (path === '/containers/json') return ['list', () => this.list(query)];
    if (path === '/containers/create') return ['create', () => this.create(query, body)];
    if (path.endsWith('/start')) return ['start', () => this.start(id)];
    if (method === 'DELETE') return ['remove', () => this.remove(id)];
    return ['inspect', () => this.inspect(id)];
  }

  private image(reference: string): Behaviour {
    const isThere = this.images.has(reference);
    return isThere ? answer(200, { Id: 'sha256:1' }) : refuse(404, `No such image: ${reference}`);
  }

  private list(query: URLSearchParams): Behaviour {
    const { label } = JSON.parse(query.get('filters') ?? '{}') as { label: string[] };
    const wanted = label.map((text) => text.split('='));
    const found = [...this.containers.values()].filter(({ options: { Labels } }) =>
      wanted.every(([name = '', value]) => Labels[name] === value),
    );
    const NetworkSettings = { Networks: { bridge: { IPAddress: '172.17.0.9' } } };
    return answer(
      200,
      found.map(({ id, options, status, words }) => {
        return { Id: id, Labels: options.Labels, State: status, Status: words, NetworkSettings };
      }),
    );
  }

  private create(query: URLSearchParams, body: unknown): Behaviour {
    const name = query.get('name') ?? '';
    const names = [...this.foreignNames, ...[...this.containers.values()].map((one) => one.name)];
    if (names.includes(name)) {
      return refuse(
        409,
        `Conflict. The container name "/${name}" is already in use by container "f".`,
      );
    }
    this.lastId += 1;
    const id = String(this.lastId).padStart(64, '0');
    const options = body as ToyOptions;
    this.containers.set(id, {
      id,
      name,
      options,
      status: 'created',
      startedAt: NEVER,
      words: 'Created',
    });
    return answer(201, { Id: id });
  }

  private start(id: string): Behaviour {
    const container = this.containers.get(id);
    if (container === undefined) return refuse(404, `No such container: ${id}`);
    const [binding] = Object.values(container.options.HostConfig.PortBindings ?? {});
    const port = Number(binding?.[0]?.HostPort);
    if (this.foreignPorts.has(port))
      return refuse(500, `Bind for 127.0.0.1:${port} failed: port is already allocated`);
    Object.assign(container, {
      status: 'running',
      startedAt: new Date().toISOString(),
      words: 'Up 1 second',
    });
    return answer(204);
  }

  private remove(id: string): Behaviour {
    return this.containers.delete(id) ? answer(204) : refuse(404, `No such container: ${id}`);
  }

  private inspect(id: string): Behaviour {
    const container = this.containers.get(id);
    if (container === undefined) return refuse(404, `No such container: ${id}`);
    const { name, options, status, startedAt } = container;
    return answer(200, {
      Id: id,
      Name: `/${name}`,
      Created: '2026-01-01T00:00:00Z',
      State: { Status: status, StartedAt: startedAt, ExitCode: 0, OOMKilled: false, Error: '' },
      Config: { Labels: options.Labels, Image: options.Image },
      NetworkSettings: { Networks: { bridge: { IPAddress: '172.17.0.9', GlobalIPv6Address: '' } } },
    });
  }
}
