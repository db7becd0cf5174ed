// `acefleet doctor`: checks what an installation needs, and says what to do. It changes nothing, and needs no server.
import { paint } from './table.mjs';
import { loadSettings } from './settings.mjs';
import { checkClock, checkDescriptors, checkKernel } from './doctor-machine.mjs';
import { checkDataFolder, checkDocker, checkPort, checkRedis } from './doctor-services.mjs';

const SYMBOLS = {
  ok: ['ok', 'green'],
  warning: ['warning', 'yellow'],
  problem: ['problem', 'red'],
};

/**
 * In the order in which they are shown. A check gives findings: `state`, `detail`, and `fix` unless all is well.
 * What does not apply to this installation gives none.
 */
const CHECKS = {
  'data folder': checkDataFolder,
  server: checkPort,
  docker: checkDocker,
  redis: checkRedis,
  clock: checkClock,
  descriptors: checkDescriptors,
  kernel: checkKernel,
};

export const DOCTOR_COMMANDS = {
  doctor: {
    summary: 'check this installation and say what to do; exit code 1 if something is wrong',
    async run({ show }) {
      const config = await loadSettings();
      const results = await Promise.all(
        Object.entries(CHECKS).map(async ([name, check]) =>
          (await check(config)).map((finding) => ({ check: name, ...finding })),
        ),
      );
      const findings = [
        { check: 'settings', state: 'ok', detail: 'they are valid', fix: null },
        ...results.flat(),
      ];
      show(findings, (style) => findings.map((one) => renderFinding(one, style)).join(''));
      if (findings.some(({ state }) => state === 'problem')) process.exitCode = 1;
    },
  },
};

function renderFinding({ check, state, detail, fix }, style) {
  const [word, colour] = SYMBOLS[state];
  const line = `${paint(word.padEnd(8), colour, style)} ${check.padEnd(11)}  ${detail}\n`;
  return fix === null ? line : `${line}${' '.repeat(22)}→ ${fix}\n`;
}
