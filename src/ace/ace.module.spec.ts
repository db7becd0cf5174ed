import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { Test } from '@nestjs/testing';
import { ConfigModule, LiveConfig, loadConfig } from '../config';
import { DataFolder, StorageModule } from '../storage';
import { AceEngineClient, AceModule } from './index';

describe('AceModule', () => {
  it('provides one client, and closes its connections when the application shuts down', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.on('data', () => socket.write('HTTP/1.0 200 OK\r\n\r\nGGGG'));
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const endpoint = { host: '127.0.0.1', port: (server.address() as AddressInfo).port };
    const module = await Test.createTestingModule({
      imports: [
        ConfigModule.forRoot(new LiveConfig(loadConfig({}))),
        StorageModule.forRoot(new DataFolder('/nonexistent')),
        AceModule,
      ],
    }).compile();
    await module.init();

    const { signal } = new AbortController();
    const options = { timeoutMs: 5000, signal };
    const media = await module.get(AceEngineClient).openMedia(endpoint, '/ace/r/a/b', options);
    const closed = new Promise((resolve) => media.once('close', resolve));
    await module.close();
    await closed;
    await new Promise((resolve) => server.close(resolve));
  });
});
