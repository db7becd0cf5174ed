import { tunerDevice, tunerDeviceXml } from './tuner-device';

it('describes the same device in JSON and in XML, whatever the address is', () => {
  const device = tunerDevice('https://tv.example/a?b&c<d>', null, '1038BD6A', 19);
  expect(device).toMatchObject({
    DeviceID: '1038BD6A',
    TunerCount: 19,
    LineupURL: 'https://tv.example/a?b&c<d>/lineup.json',
  });
  // Media servers ask tuners of this model for other encodings.
  expect(device.ModelNumber.toLowerCase()).not.toContain('hdtc');
  const xml = tunerDeviceXml(device);
  expect(xml).toContain('<URLBase>https://tv.example/a?b&amp;c&lt;d&gt;</URLBase>');
  expect(xml).toContain('<serialNumber>1038BD6A</serialNumber>');
  expect(xml).toMatch(/<UDN>uuid:[0-9a-f]{8}(-[0-9a-f]{4}){3}-00001038bd6a<\/UDN>/);
});
