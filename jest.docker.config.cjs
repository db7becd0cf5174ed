/** Tests against a real Docker Engine. One file at a time: they share a daemon, and they promise deadlines. */
module.exports = {
  displayName: 'docker',
  rootDir: __dirname,
  roots: ['<rootDir>/test/docker'],
  testMatch: ['**/*.docker-spec.ts'],
  transform: { '^.+\\.ts$': '@swc/jest' },
  testEnvironment: 'node',
  testTimeout: 60000,
  maxWorkers: 1,
  // In a process of its own, which is the only thing that this limit is for.
  workerIdleMemoryLimit: '4GB',
};
