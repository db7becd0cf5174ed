import { createSocket } from 'node:dgram';
import { call, startProduct, startSimulator } from './support';
import { runProgram, whyNoPrograms } from './support/programs';

const why = whyNoPrograms('hdhomerun_config');
const describeIfThere = why === null ? describe : describe.skip;

describeIfThere(`hdhomerun_config, the program of the tuners' maker ${why ?? ''}`, () => {
  async function search(): Promise<string[]> {
    const program = runProgram('hdhomerun_config', 'discover', '127.0.0.1');
    await program.exit;
    return program.lines;
  }

  it('finds the tuner only with TUNER_DISCOVERY, and nonsense does not disturb it', async () => {
    const engine = await startSimulator({ startDelayMs: 0, bitrateMbps: 1 });
    const hidden = await startProduct({ engines: [engine] });
    expect(await search()).toEqual(['no devices found']);
    await hidden.stop();
    const product = await startProduct({ engines: [engine], env: { TUNER_DISCOVERY: 'true' } });
    const nonsense = createSocket('udp4');
    for (const text of ['', '\0\x02', '\0\x02\0\0aaaa', 'x'.repeat(1400)]) {
      await new Promise((sent) => nonsense.send(text, 65_001, '127.0.0.1', sent));
    }
    nonsense.close();
    const { body } = await call({ port: product.port, path: '/discover.json' });
    expect(await search()).toEqual([`hdhomerun device ${body.DeviceID} found at 127.0.0.1`]);
  });
});
