/**
 * Why media that are MPEG-TS cannot be served: the cause of an `unsupported_content` that is not about the container.
 * What has such a fault is a broadcast, and no file that could be handed through as it is.
 */
export class BroadcastFault extends Error {
  /** @param reason a code, such as `no_tables` */
  constructor(readonly reason: string) {
    super(reason);
    this.name = 'BroadcastFault';
  }
}
