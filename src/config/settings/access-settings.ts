import { networks } from '../list-types';
import { setting } from '../setting';
import { oneOf } from '../value-types';

export const accessSettings = {
  streamAccess: setting({
    variable: 'STREAM_ACCESS',
    type: oneOf('open', 'token'),
    defaultText: 'open',
    description:
      'Who may use the addresses of players: streams, playlists, the guide, the tuner and `/ace/status`. `open`: anyone. `token`: [users](access.md) with their token, and clients in STREAM_ALLOW_CIDRS.',
  }),
  streamAllowCidrs: setting({
    variable: 'STREAM_ALLOW_CIDRS',
    type: networks(),
    defaultText: 'none',
    description:
      'Addresses and networks of clients that need no token if STREAM_ACCESS is `token`, such as 192.168.0.0/16.',
  }),
  metricsAccess: setting({
    variable: 'METRICS_ACCESS',
    type: oneOf('open', 'key'),
    defaultText: 'open',
    description:
      'Who may read `/metrics`: `open`: anyone. `key`: whoever has an [API key](keys.md), of any scope.',
  }),
};
