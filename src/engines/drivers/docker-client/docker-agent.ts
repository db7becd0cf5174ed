import { Agent, type ClientRequest } from 'node:http';
import { inspect } from 'node:util';

declare module 'http' {
  interface Agent {
    /** Node calls this with each new request; it is not in Node's own types. */
    addRequest(request: ClientRequest, options: object): void;
  }
}

/** However much is asked, Docker sees so many connections of ours at most. */
export const MAX_DOCKER_SOCKETS = 10;

/** An idle connection is closed after so long. */
const IDLE_MS = 30_000;

/** The connections to one Docker Engine. */
export class DockerAgent extends Agent {
  constructor() {
    super({
      keepAlive: true,
      maxSockets: MAX_DOCKER_SOCKETS,
      maxTotalSockets: MAX_DOCKER_SOCKETS,
      maxFreeSockets: 2,
      timeout: IDLE_MS,
    });
  }

  /** Connections that are open now, idle ones included. */
  get openSockets(): number {
    const lists = [...Object.values(this.sockets), ...Object.values(this.freeSockets)];
    return lists.reduce((sum, list) => sum + (list?.length ?? 0), 0);
  }

  /**
   * docker-modem (5.0) writes all that it hands to a request into a text for its debug log, whether that is on or
   * not. An agent with all its requests and sockets takes it up to a tenth of a second, in which no stream flows.
   */
  [inspect.custom](): string {
    return DockerAgent.name;
  }

  /**
   * docker-modem (5.0) follows redirects by requests of its own, which have no deadline, no error listener and
   * so end the process when they fail. The only listener of a request that is as new as this is that follower.
   */
  override addRequest(request: ClientRequest, options: object): void {
    request.removeAllListeners('response');
    super.addRequest(request, options);
  }
}
