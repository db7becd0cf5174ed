import {
  fault,
  faultOf,
  nothing,
  readOpenvpnStatus,
  readPort,
  readPublicAddress,
  readStatus,
  told,
} from './gluetun-answer';

describe("answers of Gluetun's control server", () => {
  it.each([
    ['{"status":"running"}\n', told('running')],
    ['{"status":"starting"}', told('starting')],
    ['{"status":"stopping"}', told('stopping')],
    ['{"status":"stopped"}', told('stopped')],
    ['{"status":"crashed"}', told('crashed')],
    ['{"status":"completed"}', fault('its control server reported an unknown status')],
    ['{}', fault('its control server reported an unknown status')],
    ['[]', fault('its control server reported an unknown status')],
    ['null', fault('its control server reported an unknown status')],
    ['<html>', fault('its control server reported an unknown status')],
    ['', fault('its control server reported an unknown status')],
  ])('status from %j', (body, answer) => {
    expect(readStatus(body)).toEqual(answer);
  });

  it.each([
    ['{"status":"running"}', told('running')],
    ['{"status":"crashed"}', told('crashed')],
    ['{"status":"stopped"}', nothing('OpenVPN is stopped; WireGuard may run')],
  ])('status from %j of the route of OpenVPN', (body, answer) => {
    expect(readOpenvpnStatus(body)).toEqual(answer);
  });

  it.each([
    ['{"port":5914}', told(5914)],
    ['{"port":5914,"ports":[5914,6021]}', told(5914)],
    ['{"ports":[5914,6021]}', told(5914)],
    ['{"port":65535}', told(65_535)],
    ['{"port":0}', nothing('no port is forwarded')],
    ['{"port":0,"ports":null}', nothing('no port is forwarded')],
    ['{"ports":[]}', nothing('no port is forwarded')],
    ['{}', nothing('no port is forwarded')],
    ['{"port":65536}', fault('its control server reported an invalid forwarded port')],
    ['{"port":-1}', fault('its control server reported an invalid forwarded port')],
    ['{"port":1.5}', fault('its control server reported an invalid forwarded port')],
    ['{"port":"5914"}', fault('its control server reported an invalid forwarded port')],
    ['5914', fault('its control server gave an invalid answer about the port')],
  ])('forwarded port from %j', (body, answer) => {
    expect(readPort(body)).toEqual(answer);
  });

  it.each([
    [
      '{"public_ip":"58.98.64.104","region":"Zealand","country":"Denmark","city":"København","hostname":"x"}',
      told({ ip: '58.98.64.104', region: 'Zealand', country: 'Denmark', city: 'København' }),
    ],
    [
      '{"public_ip":"2001:db8::1"}',
      told({ ip: '2001:db8::1', region: null, country: null, city: null }),
    ],
    [
      '{"public_ip":"10.0.0.1","country":" \\u0007\\n","city":7}',
      told({ ip: '10.0.0.1', region: null, country: null, city: null }),
    ],
    ['{"public_ip":""}', nothing('no public address is known')],
    ['{"public_ip":"not an address"}', nothing('no public address is known')],
    ['{}', nothing('no public address is known')],
    ['"1.2.3.4"', fault('its control server gave an invalid answer about the public address')],
  ])('public address from %j', (body, answer) => {
    expect(readPublicAddress(body)).toEqual(answer);
  });

  it('cuts names of places that are longer than any', () => {
    const answer = readPublicAddress(
      JSON.stringify({ public_ip: '10.0.0.1', city: 'x'.repeat(5000) }),
    );
    expect(answer.value?.city).toHaveLength(100);
  });

  it('finds what is to be mended, and leaves out what there is nothing to tell about', () => {
    const fine = { status: told('running' as const), publicAddress: nothing('none') };
    expect(faultOf({ ...fine, forwardedPort: nothing('none') })).toBeNull();
    expect(faultOf({ ...fine, forwardedPort: fault('no key') })).toBe('no key');
  });
});
