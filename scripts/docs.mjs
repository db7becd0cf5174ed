// `npm run docs`: writes docs/configuration.md, docs/openapi.json, the tables in docs/migrating.md and the generated files
// of clients/typescript; `--check` only compares them.
import { runCommand } from './lib/command.mjs';
import { runScript } from './lib/launch.mjs';
import { prepare, ROOT } from './lib/prepare.mjs';

const TIMEOUT_MS = 2 * 60_000;

await runScript(async () => {
  const [entry] = await prepare('npm run docs', ['docs'], { withDev: true });
  const option = process.argv.includes('--check') ? '--check' : '--write';
  // In this order, because the types are made from the document.
  for (const program of [entry, 'scripts/client-types.mjs']) {
    const { ok } = await runCommand(process.execPath, [program, option], {
      cwd: ROOT,
      timeoutMs: TIMEOUT_MS,
      show: true,
    });
    if (!ok) process.exitCode = 1;
  }
});
