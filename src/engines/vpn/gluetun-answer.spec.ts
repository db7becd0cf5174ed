import {
  fault,
  faultOf,
  noAnswer,
  readOpenvpnStatus,
  readPort,
  readPublicAddress,
  readStatus,
  answered,
} from './gluetun-answer';

describe("answers of Gluetun's control server", () => {
  it.each([
    ['{"status":"running"}\n', answered('running')],
    ['{"status":"starting"}', answered('starting')],
    ['{"status":"stopping"}', answered('stopping')],
    ['{"status":"stopped"}', answered('stopped')],
    ['{"status":"crashed"}', answered('crashed')],
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
    ['{"status":"running"}', answered('running')],
    ['{"status":"crashed"}', answered('crashed')],
    ['{"status":"stopped"}', noAnswer('OpenVPN is stopped; WireGuard may run')],
  ])('status from %j of the route of OpenVPN', (body, answer) => {
    expect(readOpenvpnStatus(body)).toEqual(answer);
  });

  it.each([
    ['{"port":5914}', answered(5914)],
    ['{"port":5914,"ports":[5914,6021]}', answered(5914)],
    ['{"ports":[5914,6021]}', answered(5914)],
    ['{"port":65535}', answered(65_535)],
    ['{"port":0}', noAnswer('no port is forwarded')],
    ['{"port":0,"ports":null}', noAnswer('no port is forwarded')],
    ['{"ports":[]}', noAnswer('no port is forwarded')],
    ['{}', noAnswer('no port is forwarded')],
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
      answered({ ip: '58.98.64.104', region: 'Zealand', country: 'Denmark', city: 'København' }),
    ],
    [
      '{"public_ip":"2001:db8::1"}',
      answered({ ip: '2001:db8::1', region: null, country: null, city: null }),
    ],
    [
      '{"public_ip":"10.0.0.1","country":" \\u0007\\n","city":7}',
      answered({ ip: '10.0.0.1', region: null, country: null, city: null }),
    ],
    ['{"public_ip":""}', noAnswer('no public address is known')],
    ['{"public_ip":"not an address"}', noAnswer('no public address is known')],
    ['{}', noAnswer('no public address is known')],
    ['"1.2.3.4"', fault('its control server gave an invalid answer about the public address')],
  ])('public address from %j', (body, answer) => {
    expect(readPublicAddress(body)).toEqual(answer);
  });

  it('truncates very long names of places', () => {
    const answer = readPublicAddress(
      JSON.stringify({ public_ip: '10.0.0.1', city: 'x'.repeat(5000) }),
    );
    expect(answer.value?.city).toHaveLength(100);
  });

  it('finds the first fault, and ignores missing values that are no fault', () => {
    const fine = { status: answered('running' as const), publicAddress: noAnswer('none') };
    expect(faultOf({ ...fine, forwardedPort: noAnswer('none') })).toBeNull();
    expect(faultOf({ ...fine, forwardedPort: fault('no key') })).toBe('no key');
  });
});
