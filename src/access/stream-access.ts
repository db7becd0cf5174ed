import { Inject, Injectable } from '@nestjs/common';
import { type AppConfig, CONFIG } from '../config';
import { clientAddress, type FastifyRequest, NetworkList, streamTokenOf } from '../http';
import { AppError } from '../kernel/errors';

export type StreamAccessConfig = Pick<AppConfig, 'streamAccess' | 'streamAllowCidrs'>;

/** Decides who may use the addresses of players. */
@Injectable()
export class StreamAccess {
  private readonly allowed: NetworkList;

  constructor(@Inject(CONFIG) private readonly config: StreamAccessConfig) {
    this.allowed = new NetworkList(config.streamAllowCidrs);
  }

  /**
   * Admits a request of a `StreamRoute()`. A token is always checked, also if STREAM_ACCESS is `open`, so that an
   * address with a token works exactly as long as the token is valid.
   *
   * @throws AppError `unauthorized` without a token, `forbidden` for a wrong one
   */
  admit(request: FastifyRequest): void {
    const token = streamTokenOf(request);
    if (token !== null) throw new AppError('forbidden', 'The token in the address is wrong.');
    if (this.config.streamAccess === 'open') return;
    if (this.allowed.includes(clientAddress(request))) return;
    throw new AppError(
      'unauthorized',
      'This address needs the token of a user: /t/TOKEN in front of the path.',
    );
  }
}
