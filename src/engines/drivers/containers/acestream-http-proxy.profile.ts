import { realEnginePorts } from './engine-arguments';
import { type ImageProfile, portOptions } from './image-profile';

/**
 * martinbjeldbak/acestream-http-proxy. Its Dockerfile and entry point (August 2026): engine 3.2.11 as user 1000,
 * built for amd64 only; an init of its own (catatonit, which also runs as a child of another init); the entry
 * point puts `--live-cache-type memory --client-console` and the words of EXTRA_FLAGS first, then every word of the
 * command. ALLOW_REMOTE_ACCESS=yes does nothing but add `--bind-all`. So the command alone is enough, and words
 * with blanks survive, which they would not in EXTRA_FLAGS.
 */
export const acestreamHttpProxyProfile: ImageProfile = {
  image: 'ghcr.io/martinbjeldbak/acestream-http-proxy:latest',
  architectures: ['amd64'],
  opens: realEnginePorts,
  launch: (ports, args) => ({
    // ENGINE_ARGS last: of an option that is given twice, engines take the second.
    command: ['--bind-all', ...portOptions(ports), ...args],
    env: [],
  }),
};
