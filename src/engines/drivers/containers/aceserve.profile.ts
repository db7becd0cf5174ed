import { realEnginePorts } from './engine-arguments';
import { type ImageProfile, portOptions } from './image-profile';

/**
 * What the image's own command is, which ours replaces: memory for the live cache (100 MiB, else it fills
 * /dev/shm, its home), its log on stdout, no reports to its makers and no search for a home router.
 */
const OWN_COMMAND = [
  ...['python', 'main.py', '--bind-all'],
  ...['--live-cache-type', 'memory', '--live-mem-cache-size', String(100 * 1024 ** 2)],
  ...['--disable-sentry', '--log-stdout', '--disable-upnp'],
];

/**
 * jopsis/aceserve, the engine's Android build. Its Dockerfiles and release script (February 2026): `latest` is one tag
 * for amd64, arm64 and 32-bit arm; no entry point, so the command is complete; `main.py` passes its arguments to
 * the engine. Kernels with pages of 16 KB cannot run it. Versions after 3.2.15 were reported to fail behind a VPN:
 * set ENGINE_IMAGE to an older tag there.
 */
export const aceserveProfile: ImageProfile = {
  image: 'jopsis/aceserve:latest',
  architectures: ['amd64', 'arm64', 'arm'],
  opens: realEnginePorts,
  launch: (ports, args) => ({ command: [...OWN_COMMAND, ...portOptions(ports), ...args], env: [] }),
};
