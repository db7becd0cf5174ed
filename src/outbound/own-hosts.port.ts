import type { OwnHost } from './target-rules';

/** Lists the hosts of this installation, which an outbound request may not reach. */
export abstract class OwnHosts {
  abstract list(): readonly OwnHost[];
}
