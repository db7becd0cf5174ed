/** Unit and property tests: beside the source, without processes or services. */
module.exports = {
  displayName: 'unit',
  rootDir: __dirname,
  roots: ['<rootDir>/src', '<rootDir>/bench', '<rootDir>/simulator/src', '<rootDir>/test/unit'],
  testMatch: ['**/*.spec.ts'],
  transform: { '^.+\\.ts$': '@swc/jest' },
  testEnvironment: 'node',
  setupFiles: ['<rootDir>/test/unit/property-seed.cjs'],
  // A deadline of last resort: all cores are busy, and what is waited for inside has deadlines of its own.
  testTimeout: 60000,
};
