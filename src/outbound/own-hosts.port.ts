import type { OwnHost } from './target-rules';

/** The hosts of this installation at which an outbound target may not be. */
export abstract class OwnHosts {
  abstract list(): readonly OwnHost[];
}
