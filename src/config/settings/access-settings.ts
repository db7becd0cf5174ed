import { networks } from '../list-types';
import { setting } from '../setting';
import { oneOf } from '../value-types';

export const accessSettings = {
  streamAccess: setting({
    variable: 'STREAM_ACCESS',
    type: oneOf('open', 'token'),
    defaultText: 'open',
    description:
      'Who may use the addresses of players: streams, playlists, the tuner and `/ace/status`. `open`: anyone. `token`: [users](access.md) with their token, and STREAM_ALLOW_CIDRS.',
  }),
  streamAllowCidrs: setting({
    variable: 'STREAM_ALLOW_CIDRS',
    type: networks(),
    defaultText: 'none',
    description:
      'Addresses and networks of clients that need no token if STREAM_ACCESS is `token`, such as 192.168.0.0/16.',
  }),
};
