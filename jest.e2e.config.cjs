/** End-to-end tests: the built program and the engine simulator as child processes, real sockets. */
module.exports = {
  displayName: 'e2e',
  rootDir: __dirname,
  roots: ['<rootDir>/test/e2e'],
  testMatch: ['**/*.e2e-spec.ts'],
  transform: { '^.+\\.ts$': '@swc/jest' },
  testEnvironment: 'node',
  testTimeout: 60000,
  maxWorkers: 2,
};
