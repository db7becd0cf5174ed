import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { cpuSeconds, processTree, residentMb, serverProcesses } from './process-usage';

describe('process usage', () => {
  it('reads processor time and memory of a process', () => {
    expect(cpuSeconds([process.pid])).toBeGreaterThan(0);
    expect(residentMb([process.pid])).toBeGreaterThan(10);
  });

  it('counts an ended process as nothing', () => {
    expect(cpuSeconds([2 ** 30])).toBe(0);
    expect(residentMb([2 ** 30])).toBe(0);
  });

  it('finds the listening process among the children of a launcher', async () => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    try {
      expect(processTree(process.ppid)).toContain(process.pid);
      expect(serverProcesses(process.ppid, port)[0]).toBe(process.pid);
    } finally {
      await new Promise((resolve) => server.close(resolve));
    }
  });
});
